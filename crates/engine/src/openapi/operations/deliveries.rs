//! The operations of webhook deliveries.

use protocol::problem::Code;
use serde_json::Value;

use super::{ALWAYS, Operation, parameters, responses, schema};

pub(super) fn get_deliveries() -> Value {
    let description = "The webhook deliveries of a job, by number. The job keeps the last 500. Permission `jobs:admin`, \
                       which only keys have.";
    Operation::new("getDeliveries", "operators", "List the webhook deliveries of a job", description)
        .parameters(vec![parameters::shared("JobId"), parameters::after_delivery(), parameters::limit_of_deliveries()])
        .response(200, responses::json("Deliveries, oldest first.", schema("DeliveryPage"), &["deliveryPage"]))
        .problems(&[&ALWAYS, &[Code::JobNotFound, Code::Overloaded]])
}

pub(super) fn redeliver() -> Value {
    let description = "Sends a delivery again, also one that has ended, with the same `webhook-id` and all tries. Permission `jobs:admin`, which only keys have.";
    Operation::new("redeliver", "operators", "Send a webhook delivery again", description)
        .parameters(vec![parameters::shared("JobId"), parameters::delivery_number()])
        .response(200, responses::json("The delivery, which is pending.", schema("Delivery"), &["delivery"]))
        .problems(&[&ALWAYS, &[Code::JobNotFound, Code::NotFound, Code::Overloaded, Code::InsufficientStorage]])
}
