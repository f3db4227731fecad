//! Cold start of `mailer`: read the settings, build the mail client, serve the queue.

use zencall::adapters::mail::Mailer;
use zencall::config::Need;
use zencall::{App, telemetry, worker};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), worker::Error> {
    telemetry::init();
    let app = App::from_env(&[Need::Database, Need::Pepper, Need::Mail])?;
    let mailer = Mailer::new(app.aws().await, &app.config.mail_from);
    worker::serve(app, async |app, message| {
        mailer::handle(app, &mailer, message).await
    })
    .await
}
