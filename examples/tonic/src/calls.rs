//! Calls and their expected outcomes.

use std::{error::Error, process::ExitCode, time::Duration};

use portcullis::testing::{Fault, TestIssuer};
use tokio_stream::StreamExt;
use tonic::{Code, Request, Response, Status, transport::Channel};

use crate::{
    API,
    orders::{
        CancelRequest, ListRequest, Wish, orders_client::OrdersClient, orders_server::OrdersServer,
    },
    service::Shop,
};

/// Shows calls, and counts unexpected outcomes.
#[derive(Default)]
struct Guide {
    calls: usize,
    surprises: usize,
}

impl Guide {
    fn show<T>(&mut self, what: &str, outcome: &Result<T, Status>, code: Code) {
        self.calls = self.calls.saturating_add(1);
        println!("\n{what}");
        let status = match outcome {
            Ok(_) => &Status::ok("done"),
            Err(status) => status,
        };
        println!("    {:?}: {}", status.code(), status.message());
        for (name, value) in status.metadata().clone().into_headers() {
            let name = name.as_ref().map_or("", http::HeaderName::as_str);
            if matches!(name, "www-authenticate" | "retry-after") {
                println!("    {name}: {}", String::from_utf8_lossy(value.as_bytes()));
            }
        }
        if status.code() != code {
            self.surprises = self.surprises.saturating_add(1);
            println!("    IT SHOULD BE {code:?}");
        }
    }

    fn farewell(self) -> ExitCode {
        match self.surprises {
            0 => println!("\n{} calls, and every outcome as expected.", self.calls),
            surprises => {
                println!("\n{} calls, {surprises} with an unexpected outcome.", self.calls);
            }
        }
        if self.surprises == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}

pub(crate) async fn make_all(
    mut client: OrdersClient<Channel>,
    issuer: &TestIssuer,
) -> Result<ExitCode, Box<dyn Error>> {
    let mut guide = Guide::default();
    good(&mut guide, &mut client, issuer).await?;
    rejected(&mut guide, &mut client, issuer).await?;
    passwords(&mut guide, &mut client).await?;
    unprotected(&mut guide).await;
    outage(&mut guide, &mut client, issuer).await?;
    Ok(guide.farewell())
}

/// Makes one call of each kind, with sufficient tokens.
async fn good(
    guide: &mut Guide,
    client: &mut OrdersClient<Channel>,
    issuer: &TestIssuer,
) -> Result<(), Box<dyn Error>> {
    let token = token(issuer, "alice", "orders:read orders:write");
    let wishes = || tokio_stream::iter([wish("tea"), wish("a teapot")]);

    let created = client.create(with(&token, wish("a kettle"))?).await;
    guide.show("Create, one message for one", &created, Code::Ok);
    let imported = client.import(with(&token, wishes())?).await;
    guide.show("Import, many messages for one", &imported, Code::Ok);
    let answers = client.converse(with(&token, wishes())?).await;
    guide.show("Converse, many messages for many", &collected(answers).await, Code::Ok);
    let listed = client.list(with(&token, ListRequest {})?).await;
    let listed = collected(listed).await;
    guide.show("List, one message for many", &listed, Code::Ok);
    for order in listed? {
        println!("    {} {} of {}", order.quantity, order.item, order.owner);
    }
    Ok(())
}

/// Makes calls that the layer or the methods reject.
async fn rejected(
    guide: &mut Guide,
    client: &mut OrdersClient<Channel>,
    issuer: &TestIssuer,
) -> Result<(), Box<dyn Error>> {
    let rejected = client.create(wish("tea")).await;
    guide.show("No token", &rejected, Code::Unauthenticated);
    let rejected = client.create(with("two words", wish("tea"))?).await;
    guide.show("Credentials that can't be read", &rejected, Code::InvalidArgument);
    let rejected = client.create(with("garbage", wish("tea"))?).await;
    guide.show("A token that is none", &rejected, Code::Unauthenticated);

    let reader = token(issuer, "alice", "orders:read");
    let rejected = client.create(with(&reader, wish("tea"))?).await;
    guide.show("Too little scope", &rejected, Code::PermissionDenied);
    let rejected = client.import(with(&reader, tokio_stream::iter([wish("tea")]))?).await;
    guide.show("Too little scope for a stream", &rejected, Code::PermissionDenied);
    let stranger = token(issuer, "bob", "orders:write");
    let rejected = client.cancel(with(&stranger, CancelRequest { id: 1 })?).await;
    guide.show("Another one's order", &rejected, Code::PermissionDenied);
    let admin = token(issuer, "bob", "orders:admin");
    let cancelled = client.cancel(with(&admin, CancelRequest { id: 1 })?).await;
    guide.show("The same, for one who may", &cancelled, Code::Ok);

    issuer.clock().advance(Duration::from_secs(60 * 60));
    let rejected = client.list(with(&reader, ListRequest {})?).await;
    guide.show("An expired token", &rejected, Code::Unauthenticated);
    Ok(())
}

/// Calls with the password of the clerk, and with wrong ones.
async fn passwords(
    guide: &mut Guide,
    client: &mut OrdersClient<Channel>,
) -> Result<(), Box<dyn Error>> {
    // clerk:correct horse battery staple, and clerk:guess
    let right = "Basic Y2xlcms6Y29ycmVjdCBob3JzZSBiYXR0ZXJ5IHN0YXBsZQ==";
    let wrong = "Basic Y2xlcms6Z3Vlc3M=";
    let created = client.create(authorized(right, wish("milk"))?).await;
    guide.show("The clerk's password", &created, Code::Ok);
    for _ in 0..2 {
        let rejected = client.create(authorized(wrong, wish("milk"))?).await;
        guide.show("A wrong password", &rejected, Code::Unauthenticated);
    }
    let rejected = client.create(authorized(wrong, wish("milk"))?).await;
    guide.show("Another wrong password", &rejected, Code::ResourceExhausted);
    Ok(())
}

/// The service without a layer: no credentials were verified, so every call is rejected.
async fn unprotected(guide: &mut Guide) {
    let mut client = OrdersClient::new(OrdersServer::new(Shop::default()));
    let rejected = client.create(wish("tea")).await;
    guide.show("A service that someone forgot to protect", &rejected, Code::Internal);
}

/// A new key at an unreachable issuer: the token can't be verified.
async fn outage(
    guide: &mut Guide,
    client: &mut OrdersClient<Channel>,
    issuer: &TestIssuer,
) -> Result<(), Box<dyn Error>> {
    issuer.rotate_keys(true);
    issuer.fail(Fault::Status(500));
    let token = token(issuer, "alice", "orders:read");
    let rejected = client.list(with(&token, ListRequest {})?).await;
    guide.show("An issuer that fails", &rejected, Code::Unavailable);
    issuer.recover();
    issuer.clock().advance(Duration::from_secs(60));
    let listed = collected(client.list(with(&token, ListRequest {})?).await).await;
    guide.show("The same token, the issuer being back", &listed, Code::Ok);
    Ok(())
}

async fn collected<T>(
    answers: Result<Response<tonic::Streaming<T>>, Status>,
) -> Result<Vec<T>, Status> {
    answers?.into_inner().collect().await
}

fn token(issuer: &TestIssuer, subject: &str, scope: &str) -> String {
    issuer.token().subject(subject).audience(API).scope(scope).mint()
}

fn with<T>(token: &str, message: T) -> Result<Request<T>, Box<dyn Error>> {
    authorized(&format!("Bearer {token}"), message)
}

fn authorized<T>(credentials: &str, message: T) -> Result<Request<T>, Box<dyn Error>> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", credentials.parse()?);
    Ok(request)
}

fn wish(item: &str) -> Wish {
    Wish { item: item.to_owned(), quantity: 1 }
}
