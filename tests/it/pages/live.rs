//! Following a run: events that reach a page through whichever process made the change.

use jobserver::core::jobs::sync::{Free, ReportedJob, sync_jobs};
use rocket::local::asynchronous::LocalResponse;
use sqlx::PgPool;
use time::OffsetDateTime;
use tokio::io::AsyncReadExt;
use tokio::task::JoinHandle;

use crate::support::{Request, Site};

/// A site that hears what other processes did; ready when this returns.
async fn listening(pool: PgPool) -> (Site, JoinHandle<()>) {
    let site = Site::start(pool).await;
    let mut heard = site.live.subscribe();
    let task = tokio::spawn(site.live.clone().listen(site.db.clone()));
    heard
        .recv()
        .await
        .expect("listening says so by asking everybody to look again");
    (site, task)
}

fn report(request: &str, status: &str) -> Vec<ReportedJob> {
    vec![ReportedJob {
        job_request: request.to_owned(),
        identifier: "job1".to_owned(),
        action: "a".to_owned(),
        run_command: String::new(),
        status: status.to_owned(),
        status_code: String::new(),
        status_message: String::new(),
        created_at: OffsetDateTime::now_utc(),
        updated_at: None,
        started_at: None,
        completed_at: None,
        trace_context: Free::Absent,
        metrics: Free::Absent,
    }]
}

/// The next event of a stream, past comments that keep it open; `None` at its end.
async fn next_event(stream: &mut LocalResponse<'_>) -> Option<String> {
    let mut text = String::new();
    loop {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap() == 0 {
            return None;
        }
        text.push(char::from(byte[0]));
        let is_comment = text.starts_with(':') && text.ends_with('\n');
        if is_comment || text.trim().is_empty() {
            text.clear();
        } else if text.ends_with("\n\n") {
            return Some(text);
        }
    }
}

#[sqlx::test]
async fn a_sync_through_one_process_is_heard_through_another(pool: PgPool) {
    let (there, listener) = listening(pool.clone()).await;
    let here = Site::start(pool).await;
    here.world.usual().await;
    let (id, identifier) = here.world.request(Request::default()).await;
    let (other, other_identifier) = here.world.request(Request::default()).await;
    let backend = here.world.backend_id("tpp").await;

    let mut stream = there.client.get(format!("/project/ws/{id}/events/")).dispatch().await;
    assert_eq!(stream.status().code, 200);
    assert!(
        stream
            .content_type()
            .unwrap()
            .to_string()
            .starts_with("text/event-stream")
    );
    // What happens to another request is no event here: the next one read is this request's.
    sync_jobs(&here.db, backend, report(&other_identifier, "running"))
        .await
        .unwrap();
    sync_jobs(&here.db, backend, report(&identifier, "running"))
        .await
        .unwrap_err();
    let mut jobs = report(&identifier, "running");
    jobs[0].identifier = "job2".to_owned();
    sync_jobs(&here.db, backend, jobs.clone()).await.unwrap();
    assert!(next_event(&mut stream).await.unwrap().contains("change"));
    jobs[0].status = "succeeded".to_owned();
    sync_jobs(&here.db, backend, jobs).await.unwrap();
    assert!(next_event(&mut stream).await.unwrap().contains("change"));
    // The run is over, and so is the stream.
    assert_eq!(next_event(&mut stream).await, None);
    drop(stream);

    // A page that was loaded before the end learns of it.
    let late = there
        .anonymous()
        .get(&format!("/project/ws/{id}/job2/events/"))
        .await
        .expect(200);
    assert_eq!(late.body.matches("change").count(), 1, "{}", late.body);
    there
        .anonymous()
        .get(&format!("/project/elsewhere/{other}/events/"))
        .await
        .expect(404);
    listener.abort();
}

#[sqlx::test]
async fn a_cancellation_is_heard_too_and_a_waiting_stream_holds_no_connection(pool: PgPool) {
    let (site, listener) = listening(pool).await;
    site.world.usual().await;
    let (id, _) = site.world.request(Request::default()).await;
    let ada = site.sign_in("ada").await;
    let mut streams = Vec::new();
    // More than the pool has connections.
    for _ in 0..30 {
        streams.push(site.client.get(format!("/project/ws/{id}/events/")).dispatch().await);
    }
    ada.post(&format!("/project/ws/{id}/cancel/"), &[]).await.expect(302);
    for stream in &mut streams {
        assert!(next_event(stream).await.unwrap().contains("change"));
    }
    drop(streams);
    listener.abort();
}

#[sqlx::test]
async fn the_servers_end_ends_the_stream(pool: PgPool) {
    let site = Site::start(pool).await;
    site.world.usual().await;
    let (id, _) = site.world.request(Request::default()).await;
    let mut stream = site.client.get(format!("/project/ws/{id}/events/")).dispatch().await;
    site.client.rocket().shutdown().notify();
    assert_eq!(next_event(&mut stream).await, None);
}
