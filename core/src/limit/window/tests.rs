use super::*;

const MINUTE_US: u64 = 60_000_000;

fn terms(pace: Pace) -> Terms {
    Terms { limit: 10, span_us: 10 * MINUTE_US, pace }
}

/// How many of ten calls pass, one after the other.
fn admitted(window: &mut Window, terms: &Terms, at_us: u64) -> usize {
    (0..10).filter(|_| admits(window, terms, at_us)).count()
}

fn admits(window: &mut Window, terms: &Terms, at_us: u64) -> bool {
    let is_free = window.room(terms, 1, at_us) == Room::Now;
    if is_free {
        window.add(terms, 1, at_us);
    }
    is_free
}

#[test]
fn fixed_spans_start_afresh_on_the_clock() {
    let (mut window, terms) = (Window::default(), terms(Pace::Fixed));
    assert_eq!(admitted(&mut window, &terms, 9 * MINUTE_US), 10);
    assert_eq!(window.room(&terms, 1, 9 * MINUTE_US), Room::After(MINUTE_US));
    assert_eq!(window.room(&terms, 11, 9 * MINUTE_US), Room::Never);
    assert_eq!(admitted(&mut window, &terms, 11 * MINUTE_US), 10);
}

#[test]
fn sliding_spans_look_back() {
    let (mut window, terms) = (Window::default(), terms(Pace::Sliding));
    assert_eq!(admitted(&mut window, &terms, 9 * MINUTE_US), 10);
    assert_eq!(admitted(&mut window, &terms, 11 * MINUTE_US), 0);
    assert_eq!(window.room(&terms, 1, 11 * MINUTE_US), Room::After(8 * MINUTE_US));
    assert_eq!(admitted(&mut window, &terms, 19 * MINUTE_US), 10);
}

#[test]
fn buckets_fill_up_evenly() {
    let (mut window, terms) = (Window::default(), terms(Pace::Bucket));
    assert_eq!(admitted(&mut window, &terms, 0), 10);
    assert_eq!(window.room(&terms, 1, 0), Room::After(MINUTE_US));
    assert_eq!(window.room(&terms, 3, MINUTE_US / 2), Room::After(5 * MINUTE_US / 2));
    assert_eq!(admitted(&mut window, &terms, 3 * MINUTE_US + 1), 3);
    assert_eq!(admitted(&mut window, &terms, 60 * MINUTE_US), 10, "it holds no more than the limit");
}

#[test]
fn what_is_held_stays_until_it_is_given_back() {
    let (mut window, terms) = (Window::default(), Terms { limit: 2, span_us: 0, pace: Pace::Held });
    assert_eq!(admitted(&mut window, &terms, 0), 2);
    assert_eq!(window.room(&terms, 1, 1_000 * MINUTE_US), Room::WhenGivenBack);
    window.give_back(&terms, 1, 0, MINUTE_US);
    assert!(admits(&mut window, &terms, MINUTE_US) && !admits(&mut window, &terms, MINUTE_US));
}

#[test]
fn what_is_given_back_can_be_taken_again_in_its_own_span_only() {
    for pace in [Pace::Fixed, Pace::Sliding, Pace::Bucket] {
        let (mut window, terms) = (Window::default(), terms(pace));
        window.add(&terms, 10, MINUTE_US);
        window.give_back(&terms, 4, MINUTE_US, 2 * MINUTE_US);
        assert_eq!(window.room(&terms, 4, 2 * MINUTE_US), Room::Now, "{pace:?}");
        window.add(&terms, 4, 2 * MINUTE_US);
        // The first ten have left every span; only what came since counts.
        window.add(&terms, 5, 15 * MINUTE_US);
        window.give_back(&terms, 6, MINUTE_US, 15 * MINUTE_US);
        if pace != Pace::Bucket {
            assert_eq!(window.total(), 5, "{pace:?}");
        }
    }
}

#[test]
fn a_clock_that_is_set_back_locks_nobody_out_and_gives_nothing_away() {
    for pace in [Pace::Fixed, Pace::Sliding, Pace::Bucket] {
        let (mut window, terms) = (Window::default(), terms(pace));
        assert_eq!(admitted(&mut window, &terms, 1_000 * MINUTE_US), 10);
        assert_eq!(admitted(&mut window, &terms, 5 * MINUTE_US), 0, "{pace:?}");
        let Room::After(wait_us) = window.room(&terms, 10, 5 * MINUTE_US) else { panic!("{pace:?}") };
        assert!(wait_us <= terms.span_us, "{pace:?}: {wait_us}");
        assert_eq!(admitted(&mut window, &terms, 5 * MINUTE_US + wait_us), 10, "{pace:?}");
    }
}

#[test]
fn threads_that_are_served_out_of_order_are_all_counted() {
    for pace in [Pace::Fixed, Pace::Sliding] {
        let (mut window, terms) = (Window::default(), terms(pace));
        let just_before = 10 * MINUTE_US - 1;
        let total = (1..=20).filter(|turn| admits(&mut window, &terms, just_before + turn % 2)).count();
        assert_eq!(total, 10, "{pace:?}");
    }
}

/// Plays calls at random moments and of random sizes, and reckons with a list of all that was taken.
mod model {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Move {
        /// Wait, and ask for so much.
        Ask(u64, u64),
        /// Give back a part of the newest that was taken.
        GiveBack(u64),
    }

    fn moves() -> impl Strategy<Value = Vec<Move>> {
        let ask = (0..3 * MINUTE_US, 1..6_u64).prop_map(|(wait, amount)| Move::Ask(wait, amount));
        prop::collection::vec(prop_oneof![4 => ask, 1 => (1..6_u64).prop_map(Move::GiveBack)], 1..200)
    }

    fn play(pace: Pace, moves: &[Move], check: impl Fn(&[(u64, u64)], u64) -> Result<(), TestCaseError>) {
        let (mut window, terms, mut now_us) = (Window::default(), terms(pace), 1_000 * MINUTE_US);
        let mut taken: Vec<(u64, u64)> = Vec::new();
        for step in moves {
            match *step {
                Move::Ask(wait_us, amount) => {
                    now_us += wait_us;
                    match window.room(&terms, amount, now_us) {
                        Room::Now => {
                            window.add(&terms, amount, now_us);
                            taken.push((now_us, amount));
                        }
                        // Whoever comes at the time that was told passes, if nobody was quicker.
                        Room::After(wait_us) => {
                            assert!(wait_us > 0 && wait_us <= terms.span_us + terms.span_us / CELLS);
                            assert_eq!(window.clone().room(&terms, amount, now_us + wait_us), Room::Now);
                        }
                        other => panic!("{other:?}"),
                    }
                }
                Move::GiveBack(amount) => {
                    if let Some((at_us, left)) = taken.last_mut() {
                        let amount = amount.min(*left);
                        window.give_back(&terms, amount, *at_us, now_us);
                        *left -= amount;
                    }
                }
            }
            check(&taken, now_us).unwrap();
            let (at_us, used, older) = window.parts();
            assert_eq!(Window::of_parts(at_us, used, older), window);
        }
    }

    fn within(taken: &[(u64, u64)], from_us: u64, to_us: u64) -> u64 {
        taken.iter().filter(|(at_us, _)| (from_us..to_us).contains(at_us)).map(|(_, amount)| amount).sum()
    }

    proptest! {
        #[test]
        fn no_sliding_span_holds_more_than_the_limit(moves in moves()) {
            let terms = terms(Pace::Sliding);
            play(Pace::Sliding, &moves, |taken, now_us| {
                prop_assert!(within(taken, now_us + 1 - terms.span_us, now_us + 1) <= terms.limit);
                Ok(())
            });
        }

        #[test]
        fn no_fixed_span_holds_more_than_the_limit(moves in moves()) {
            let terms = terms(Pace::Fixed);
            play(Pace::Fixed, &moves, |taken, now_us| {
                let start_us = now_us - now_us % terms.span_us;
                prop_assert!(within(taken, start_us, start_us + terms.span_us) <= terms.limit);
                Ok(())
            });
        }

        #[test]
        fn a_bucket_gives_no_more_than_it_held_and_what_came_in(moves in moves()) {
            let terms = terms(Pace::Bucket);
            play(Pace::Bucket, &moves, |taken, now_us| {
                for (from_us, _) in taken {
                    let came_in = terms.amount_in(now_us - from_us);
                    prop_assert!(within(taken, *from_us, now_us + 1) <= terms.limit + came_in);
                }
                Ok(())
            });
        }

        #[test]
        fn a_jumping_clock_gives_one_limit_for_each_jump_forwards(
            jumps in prop::collection::vec(-100 * 60_000_000_i64..100 * 60_000_000, 1..100),
            sliding in any::<bool>(),
        ) {
            let terms = terms(if sliding { Pace::Sliding } else { Pace::Fixed });
            let (mut window, mut now_us, mut forwards, mut total) = (Window::default(), 10_000 * MINUTE_US, 1, 0);
            for jump in jumps {
                forwards += u64::from(jump > 0);
                now_us = now_us.saturating_add_signed(jump).max(1_000 * MINUTE_US);
                total += admitted(&mut window, &terms, now_us) as u64;
                if let Room::After(wait_us) = window.room(&terms, 10, now_us) {
                    prop_assert!(wait_us <= terms.span_us + SKEW_US);
                }
            }
            prop_assert!(total <= forwards * terms.limit);
        }
    }
}
