//! A thousand requests in a second with good tokens, and what others do meanwhile.

use std::{sync::Arc, thread, time::Duration};

use portcullis::{
    Algorithm::Rs256,
    testing::{Fault, TestIssuer},
};

use crate::{
    load::{Load, Outcome},
    server::Server,
    tokens,
    tsv::Tsv,
};

/// How many tokens with unknown keys there are. The server caches none of them.
const UNKNOWN: usize = 1000;

/// Each row has its time for itself; tokens that were seen, and tokens that weren't, are sent together.
pub fn measure(server: &Server, issuer: &TestIssuer, quick: bool, tsv: &mut Tsv) {
    let time = Duration::from_secs(if quick { 2 } else { 10 });
    let good = |requests, repeats| Load {
        requests,
        repeats,
        connections: 2,
        every: Some(Duration::from_millis(4)),
        time,
    };
    let others = |requests| Load {
        requests,
        repeats: true,
        connections: 4,
        every: Some(Duration::from_millis(1)),
        time,
    };
    let once = usize::try_from(time.as_millis()).expect("seconds") / 2;
    println!(
        "\n{:28}{:12}{:>9}{:>9}{:>9}{:>9}",
        "a thousand in a second", "tokens", "median", "99 %", "most", "others"
    );
    let unknown = tokens::unknown(issuer, UNKNOWN);
    let seen = tokens::good(issuer, Rs256, 64);
    let mut row =
        |name: &str, neighbour: Option<Arc<[Vec<u8>]>>, meanwhile: &dyn Fn() -> Option<Outcome>| {
            let first = tokens::good(issuer, Rs256, once);
            // Nobody has met the first ones; and all have met these.
            good(Arc::clone(&seen), true)
                .for_a_moment()
                .start(server.address)
                .join()
                .expect("no panic");
            let neighbour = neighbour.map(|requests| others(requests).start(server.address));
            let seen = good(Arc::clone(&seen), true).start(server.address);
            let first = good(first, false).start(server.address);
            thread::sleep(time / 2);
            let new = meanwhile();
            report(name, "seen", &seen.join().expect("no panic"), tsv);
            report(name, "first seen", &first.join().expect("no panic"), tsv);
            if let Some(new) = new {
                report(name, "of new keys", &new, tsv);
            }
            if let Some(neighbour) = neighbour {
                neighbour.join().expect("no panic");
            }
        };
    row("alone", None, &|| None);
    row("beside /healthz", Some(tokens::only("/healthz", None)), &|| None);
    // Before the floods: one refetch for an unknown key is all that there is in ten seconds.
    row("while keys rotate", None, &|| {
        issuer.rotate_keys(true);
        let new = good(tokens::good(issuer, Rs256, 64), true).for_a_moment();
        Some(new.start(server.address).join().expect("no panic"))
    });
    row("beside unknown kids", Some(Arc::clone(&unknown)), &|| None);
    issuer.fail(Fault::Hang);
    row("unknown kids, issuer hangs", Some(unknown), &|| None);
    issuer.recover();
}

fn report(name: &str, which: &str, outcome: &Outcome, tsv: &mut Tsv) {
    let (median, high, most) =
        (outcome.percentile(50), outcome.percentile(99), outcome.percentile(100));
    let others = outcome.others_than(200);
    println!("{name:28}{which:12}{median:>9.0}{high:>9.0}{most:>9.0}{others:>9}");
    let row = format!("{name}, {which}");
    tsv.write(&row, "median µs", format_args!("{median:.0}"), None);
    tsv.write(&row, "99 % µs", format_args!("{high:.0}"), None);
    tsv.write(&row, "most µs", format_args!("{most:.0}"), None);
    tsv.write(&row, "other answers", others, Some(0.0));
}
