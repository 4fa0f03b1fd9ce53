//! Receives webhooks and verifies them: cargo add oxhttp serde_json standardwebhooks
use oxhttp::{
    Server,
    model::{Body, Request, Response},
};
use serde_json::Value;
use standardwebhooks::Webhook;
use std::{env::var, error::Error, io::read_to_string, net::Ipv4Addr};

fn receive(webhook: &Webhook, request: &mut Request<Body>) -> Result<(), Box<dyn Error>> {
    let body = read_to_string(request.body_mut())?;
    webhook.verify(body.as_bytes(), request.headers())?;
    let event: Value = serde_json::from_str(&body)?;
    let (kind, job) = (event["type"].as_str(), event["data"]["jobId"].as_str());
    println!("{} {}", kind.ok_or("no type")?, job.ok_or("no job")?);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let webhook = Webhook::new(&var("WEBHOOK_SECRET")?)?;
    let server = Server::new(move |request| {
        let status = if receive(&webhook, request).is_ok() { 204 } else { 400 };
        Response::builder().status(status).body(Body::empty()).unwrap()
    });
    server.bind((Ipv4Addr::LOCALHOST, var("PORT")?.parse()?)).spawn()?.join()?;
    Ok(())
}
