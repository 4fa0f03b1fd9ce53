//! Mints a token that lets a page watch one job: cargo add jsonwebtoken --features rust_crypto; cargo add serde_json
use jsonwebtoken::{EncodingKey, Header, encode, get_current_timestamp};
use std::env::var;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (secret, project, job) = (var("SIGNING_SECRET")?, var("PROJECT")?, var("JOB")?);

    let expires = get_current_timestamp() + 24 * 3600;
    let claims = serde_json::json!({ "aud": "job-progress", "prj": project, "jobs": [job], "perm": ["jobs:read"], "exp": expires });
    let token = encode(
        &Header::default(),
        &claims,
        &EncodingKey::from_secret(secret.as_bytes()),
    )?;

    println!("{token}");
    Ok(())
}
