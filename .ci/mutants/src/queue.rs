use std::sync::Mutex;
use std::thread;

/// Runs `work` for each of `items` on `jobs` threads, and returns the results in the order of the items.
pub fn run<I: Sync, R: Send>(
    items: &[I],
    jobs: usize,
    work: impl Fn(usize, &I) -> R + Sync,
) -> Vec<R> {
    let next = Mutex::new(items.iter().enumerate());
    let results = Mutex::new(Vec::with_capacity(items.len()));
    thread::scope(|scope| {
        for job in 0..jobs {
            let (next, results, work) = (&next, &results, &work);
            scope.spawn(move || {
                loop {
                    let Some((index, item)) = next.lock().ok().and_then(|mut next| next.next())
                    else {
                        return;
                    };
                    let result = work(job, item);
                    if let Ok(mut results) = results.lock() {
                        if results.len() % 100 == 99 {
                            eprintln!("{} of {}", results.len() + 1, items.len());
                        }
                        results.push((index, result));
                    }
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_default();
    results.sort_by_key(|&(index, _)| index);
    results.into_iter().map(|(_, result)| result).collect()
}
