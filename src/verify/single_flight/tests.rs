use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::yield_now,
    time::Instant,
};

use super::*;

/// An owner like the real ones, with one lock for the running tasks and the cache.
#[derive(Default)]
struct Owner(Mutex<State>);

#[derive(Default)]
struct State {
    flights: SingleFlight<&'static str, Option<u32>>,
    /// The results of tasks that weren't superseded.
    cache: Vec<Option<u32>>,
    /// The results of all tasks.
    completed: Vec<Option<u32>>,
}

impl Owner {
    fn start(
        self: &Arc<Self>,
        work: impl Future<Output = u32> + Send + 'static,
    ) -> Result<Waiter<Option<u32>>, StartError> {
        let mut state = self.0.lock().unwrap();
        let owner = Arc::downgrade(self);
        state.flights.start("key", work, move |id, output| {
            if let Some(owner) = owner.upgrade() {
                owner.complete(id, output);
            }
            output
        })
    }

    fn complete(&self, id: FlightId, output: Option<u32>) {
        let mut state = self.0.lock().unwrap();
        state.completed.push(output);
        if state.flights.complete("key", id) {
            state.cache.push(output);
        }
    }

    fn join(&self) -> Option<Waiter<Option<u32>>> {
        self.0.lock().unwrap().flights.join("key")
    }

    fn is_running(&self) -> bool {
        self.0.lock().unwrap().flights.is_running("key")
    }

    fn cache(&self) -> Vec<Option<u32>> {
        self.0.lock().unwrap().cache.clone()
    }

    fn completed(&self) -> Vec<Option<u32>> {
        self.0.lock().unwrap().completed.clone()
    }
}

/// Work that completes when the test sends a result. It panics if the sender is dropped.
fn work() -> (oneshot::Sender<u32>, impl Future<Output = u32>) {
    let (sender, receiver) = oneshot::channel();
    (sender, async { receiver.await.expect("a result") })
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn requests_share_one_task_and_find_its_result_in_the_cache() {
    let owner = Arc::<Owner>::default();
    assert!(owner.join().is_none());
    let (end, work) = work();
    let mut first = owner.start(work).unwrap();
    let mut second = owner.join().unwrap();
    assert!(owner.is_running());
    end.send(7).unwrap();
    assert_eq!(first.wait().await, Some(Some(7)));
    assert_eq!(owner.cache(), [Some(7)]);
    assert_eq!(second.wait().await, Some(Some(7)));
    assert!(!owner.is_running() && owner.join().is_none());
    assert_eq!(owner.completed(), [Some(7)]);
}

#[tokio::test(start_paused = true)]
async fn a_task_completes_without_waiting_requests() {
    let owner = Arc::<Owner>::default();
    drop(owner.start(async { 7 }).unwrap());
    yield_now().await;
    assert_eq!(owner.cache(), [Some(7)]);
}

#[tokio::test(start_paused = true)]
async fn a_superseded_task_serves_its_waiters_but_is_not_cached() {
    let owner = Arc::<Owner>::default();
    let ((end_first, first), (end_second, second)) = (work(), work());
    let mut first = owner.start(first).unwrap();
    owner.0.lock().unwrap().flights.detach("key");
    assert!(owner.join().is_none());
    let mut second = owner.start(second).unwrap();

    end_first.send(1).unwrap();
    assert_eq!(first.wait().await, Some(Some(1)));
    assert_eq!(owner.cache(), []);
    assert!(owner.is_running(), "the second one isn't superseded");

    end_second.send(2).unwrap();
    assert_eq!(second.wait().await, Some(Some(2)));
    assert_eq!(owner.cache(), [Some(2)]);
    assert_eq!(owner.completed(), [Some(1), Some(2)]);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_is_replaced_while_it_runs_is_superseded() {
    let owner = Arc::<Owner>::default();
    let ((end_first, first), (end_second, second)) = (work(), work());
    let mut first = owner.start(first).unwrap();
    let mut second = owner.start(second).unwrap();
    end_second.send(2).unwrap();
    assert_eq!(second.wait().await, Some(Some(2)));
    end_first.send(1).unwrap();
    assert_eq!(first.wait().await, Some(Some(1)));
    assert_eq!((owner.cache(), owner.completed()), (vec![Some(2)], vec![Some(2), Some(1)]));
}

#[tokio::test(start_paused = true)]
async fn a_task_that_panics_completes_once_without_output() {
    let owner = Arc::<Owner>::default();
    let (end, work) = work();
    let mut waiter = owner.start(work).unwrap();
    drop(end);
    assert_eq!(waiter.wait().await, Some(None));
    assert_eq!((owner.cache(), owner.completed()), (vec![None], vec![None]));
    assert_eq!(owner.start(async { 7 }).unwrap().wait().await, Some(Some(7)));
}

#[tokio::test(start_paused = true)]
async fn a_completion_that_panics_releases_its_waiters() {
    let mut flights = SingleFlight::<_, ()>::default();
    let complete = |_, _: Option<u32>| panic!("a bug of the owner");
    let mut waiter = flights.start("key", async { 7 }, complete).unwrap();
    assert_eq!(waiter.wait().await, None);
}

#[tokio::test(start_paused = true)]
async fn a_task_that_hangs_completes_after_15_seconds() {
    let owner = Arc::<Owner>::default();
    let started = Instant::now();
    let (_end, work) = work();
    let mut waiter = owner.start(work).unwrap();
    assert_eq!(waiter.wait().await, Some(None));
    assert_eq!(started.elapsed().as_secs(), 15);
    assert_eq!((owner.cache(), owner.completed()), (vec![None], vec![None]));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_owner_aborts_its_tasks() {
    let owner = Arc::<Owner>::default();
    let (mut end, work) = work();
    let mut waiter = owner.start(work).unwrap();
    yield_now().await;
    assert!(!end.is_closed());
    let dropped = Instant::now();
    drop(owner);
    end.closed().await;
    assert_eq!(waiter.wait().await, Some(None));
    assert_eq!(dropped.elapsed(), Duration::ZERO, "aborted, not timed out");
}

#[test]
fn without_a_runtime_no_task_starts() {
    let owner = Arc::<Owner>::default();
    assert!(matches!(owner.start(async { 7 }), Err(StartError::NoRuntime(_))));
    assert!(!owner.is_running());
    assert_eq!(owner.completed(), []);
}

#[test]
fn a_task_is_rejected_after_a_shutdown_without_a_deadlock() {
    let owner = Arc::<Owner>::default();
    let ended = runtime().handle().clone();
    // Runs in a separate thread, so that a deadlock fails only this test.
    let (sender, result) = mpsc::channel();
    thread::spawn({
        let owner = Arc::clone(&owner);
        move || {
            let _entered = ended.enter();
            sender.send(owner.start(async { 7 }).map(drop)).unwrap();
        }
    });
    let result = result.recv_timeout(Duration::from_secs(60)).expect("no deadlock");
    assert!(matches!(result, Err(StartError::ShutDown)), "{result:?}");
    assert!(!owner.is_running());
    assert_eq!(owner.completed(), []);
    let other = runtime();
    let mut waiter = other.block_on(async { owner.start(async { 7 }).unwrap() });
    assert_eq!(other.block_on(waiter.wait()), Some(Some(7)));
}

#[test]
fn a_runtime_that_shuts_down_completes_its_tasks_without_output() {
    for polls in [0, 1] {
        let owner = Arc::<Owner>::default();
        let ending = runtime();
        let (_end, work) = work();
        let mut waiter = ending.block_on(async {
            let waiter = owner.start(work).unwrap();
            for _ in 0..polls {
                yield_now().await;
            }
            waiter
        });
        assert!(owner.is_running());
        drop(ending);
        assert_eq!(runtime().block_on(waiter.wait()), Some(None), "{polls} polls");
        assert_eq!((owner.cache(), owner.completed()), (vec![None], vec![None]));
    }
}

#[test]
fn a_shutdown_during_a_start_completes_or_rejects_the_task() {
    for _ in 0..200 {
        let owner = Arc::<Owner>::default();
        let ending = Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap();
        let starting = thread::spawn({
            let (owner, handle) = (Arc::clone(&owner), ending.handle().clone());
            move || {
                let _entered = handle.enter();
                let (end, work) = work();
                (end, owner.start(work))
            }
        });
        ending.shutdown_timeout(Duration::from_secs(60));
        let (_end, started) = starting.join().unwrap();
        match started {
            Ok(mut waiter) => {
                assert_eq!(runtime().block_on(waiter.wait()), Some(None));
                assert_eq!((owner.cache(), owner.completed()), (vec![None], vec![None]));
            }
            Err(_) => assert_eq!(owner.completed(), []),
        }
        assert!(!owner.is_running());
    }
}

#[test]
fn an_overdue_task_is_replaced_and_its_result_discarded() {
    let owner = Arc::<Owner>::default();
    let (stalled, other) = (runtime(), runtime());
    // This runtime isn't driven after the start.
    let mut lost = stalled.block_on(async { owner.start(async { 1 }).unwrap() });
    other.block_on(async {
        tokio::time::sleep(Duration::from_secs(19)).await;
        assert!(owner.is_running() && owner.join().is_some());
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(!owner.is_running());
        assert!(owner.join().is_none());
        assert_eq!(owner.start(async { 2 }).unwrap().wait().await, Some(Some(2)));
        assert_eq!(lost.wait().await, None, "no waiter waits forever");
    });
    stalled.block_on(yield_now());
    assert_eq!((owner.cache(), owner.completed()), (vec![Some(2)], vec![Some(2), None]));
}
