//! Somebody who waits for an answer and may leave.

use tokio::sync::oneshot::Receiver;

/// A wait. Left before the answer was taken, the answer goes to `unheard` if it is there already; if it comes later its sender
/// sees that nobody waits.
pub(super) struct Waiting<T, U: FnOnce(T)> {
    pub(super) answer: Receiver<T>,
    pub(super) unheard: Option<U>,
}

impl<T, U: FnOnce(T)> Drop for Waiting<T, U> {
    fn drop(&mut self) {
        self.answer.close();
        if let (Some(unheard), Ok(answer)) = (self.unheard.take(), self.answer.try_recv()) {
            unheard(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::sync::oneshot;

    use super::*;

    #[test]
    fn an_answer_is_heard_once() {
        let heard = Cell::new(0);
        let waiting = || {
            let (reply, answer) = oneshot::channel();
            (reply, Waiting { answer, unheard: Some(|answer| heard.set(answer)) })
        };
        let (reply, wait) = waiting();
        reply.send(1).expect("somebody waits");
        drop(wait);
        assert_eq!(heard.get(), 1, "it was there, and nobody took it");
        let (reply, wait) = waiting();
        drop(wait);
        assert_eq!((reply.send(2), heard.get()), (Err(2), 1), "its sender sees that nobody waits");
        let (reply, mut wait) = waiting();
        reply.send(3).expect("somebody waits");
        wait.unheard = None;
        drop(wait);
        assert_eq!(heard.get(), 1, "it was taken");
    }
}
