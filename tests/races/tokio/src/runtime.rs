//! Runtimes that can shut down.

use std::{cell::RefCell, fmt, future::pending, sync::Arc};

use shuttle::sync::Mutex;

use crate::task::{AbortHandle, JoinHandle, spawn};

shuttle::thread_local! {
    static CURRENT: RefCell<Handle> = RefCell::new(Handle(None));
}

/// A runtime, on which all tasks make progress until it is shut down.
pub struct Runtime(Handle);

/// A handle to a runtime. Threads that haven't entered any have one that is never shut down.
#[derive(Clone)]
pub struct Handle(Option<Arc<Tasks>>);

/// The tasks of a runtime, unless it was shut down.
type Tasks = Mutex<Option<Vec<AbortHandle>>>;

#[derive(Debug)]
pub struct TryCurrentError(());

impl Runtime {
    #[expect(clippy::new_without_default, reason = "as in tokio")]
    pub fn new() -> Self {
        Self(Handle(Some(Arc::new(Mutex::new(Some(Vec::new()))))))
    }

    /// Makes this runtime the current one of the calling thread.
    pub fn enter(&self) {
        CURRENT.with(|current| current.replace(self.0.clone()));
    }

    /// Drops all tasks, as soon as they aren't being polled.
    pub fn shut_down(&self) {
        let Handle(Some(tasks)) = &self.0 else { return };
        let tasks = tasks.lock().unwrap().take();
        tasks.iter().flatten().for_each(AbortHandle::abort);
    }
}

impl Clone for Runtime {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl Handle {
    pub fn try_current() -> Result<Self, TryCurrentError> {
        Ok(CURRENT.with(|current| current.borrow().clone()))
    }

    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let Self(Some(tasks)) = self else { return spawn(future) };
        let mut tasks = tasks.lock().unwrap();
        let Some(running) = &mut *tasks else {
            // As tokio does, within this call.
            drop(tasks);
            drop(future);
            let task = spawn(pending());
            task.abort();
            return task;
        };
        let current = self.clone();
        let task = spawn(async move {
            CURRENT.with(|it| it.replace(current));
            future.await
        });
        running.push(task.abort_handle());
        task
    }

    pub fn spawn_blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> JoinHandle<T> {
        self.spawn(async { work() })
    }
}

impl fmt::Display for TryCurrentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no runtime")
    }
}

impl std::error::Error for TryCurrentError {}
