"""Undo and redo; acts that come late, twice, in pieces or for another picture."""

from __future__ import annotations

import random

import pytest

from segcore.prompting.acts import MOST, ActError, From, Point
from segcore.prompting.history import BROWSERS, History, Inbox

SIZE = (100, 200)
A, B, C = (Point(float(x), 1.0) for x in (1, 2, 3))


def message(*numbers: int, who: str = "tab", picture: str = "cat") -> dict:
    acts = [{"n": n, "kind": "point", "x": n, "y": 1, "adds": True} for n in numbers]
    return {"who": who, "picture": picture, "acts": acts}


# === Undo ===


def test_undo_and_redo_go_through_the_same_states():
    states = [History()]
    for act in (A, B, C):
        states.append(states[-1].add(act))
    states.append(states[-1].clear())
    back = [states[-1]]
    for _ in range(4):
        back.append(back[-1].undo())
    assert [h.acts for h in back[::-1]] == [h.acts for h in states]
    forth = back[-1]
    for state in states[1:]:
        forth = forth.redo()
        assert forth.acts == state.acts
    assert forth.redo() == forth and History().undo() == History()


def test_a_new_act_ends_what_could_be_redone():
    history = History().add(A).add(B).undo().add(C)
    assert history.acts == (A, C) and not history.future


def test_undo_and_redo_are_inverse_at_random():
    rng = random.Random(2)
    history = History()
    for _ in range(500):
        step = rng.choice([A, B, C, "undo", "redo", "clear"])
        if len(history.acts) < MOST:
            history = history.step(step)
        if history.past:
            assert history.undo().redo().acts == history.acts


def test_acts_of_an_address_are_undone_one_by_one():
    history = History((A, B))
    assert history.undo().acts == (A,) and history.undo().undo().acts == ()
    assert history.undo().undo().redo().redo().acts == (A, B)


def test_a_mask_to_begin_from_replaces_the_prompts():
    history = History().add(A).add(From("otsu"))
    assert history.acts == (From("otsu"),) and history.undo().acts == (A,)


def test_no_more_acts_than_fit():
    history = History(tuple([A] * MOST))
    with pytest.raises(ActError, match="start over"):
        history.add(B)


# === Numbers ===


def test_each_act_is_applied_once():
    inbox, new, _ = Inbox().receive(message(1), "cat", SIZE)
    assert new == [Point(1, 1)]
    inbox, new, _ = inbox.receive(message(1, 2), "cat", SIZE)  # 1 was not answered in time
    assert new == [Point(2, 1)] and inbox.last["tab"] == 2
    inbox, new, _ = inbox.receive(message(1, 2), "cat", SIZE)  # nor 2
    assert not new and inbox.last["tab"] == 2


def test_lost_repeated_and_shuffled_reports_apply_all_acts_in_order():
    rng = random.Random(3)
    for _ in range(100):
        inbox, applied, told, sent = Inbox(), [], 0, 0
        while told < 20:
            sent = min(20, sent + rng.randrange(3))
            pending = list(range(told + 1, sent + 1))
            if rng.random() < 0.6:  # the report arrives
                rng.shuffle(pending)
                inbox, new, _ = inbox.receive(message(*pending), "cat", SIZE)
                applied += [int(act.x) for act in new]
                if rng.random() < 0.6:  # and so does the answer
                    told = inbox.last.get("tab", 0)
        assert applied == list(range(1, 21))


def test_acts_on_another_picture_are_answered_and_dropped():
    inbox, new, problem = Inbox().receive(message(1, 2, picture="dog"), "cat", SIZE)
    assert (new, problem, inbox.last["tab"]) == ([], "", 2)


def test_tabs_number_for_themselves_and_old_ones_are_forgotten():
    inbox = Inbox()
    for tab in range(BROWSERS + 3):
        inbox, new, _ = inbox.receive(message(1, who=f"tab {tab}"), "cat", SIZE)
        assert len(new) == 1
    assert len(inbox.last) == BROWSERS and "tab 0" not in inbox.last


@pytest.mark.parametrize(
    "nonsense", [None, 3, {}, {"who": "a"}, {"who": "a", "acts": [{"n": "x"}]}]
)
def test_a_nonsense_message_changes_nothing(nonsense):
    inbox, new, problem = Inbox().receive(nonsense, "cat", SIZE)
    assert inbox == Inbox() and not new and "reload" in problem


def test_a_nonsense_act_among_others_is_answered_and_named():
    broken = message(1, 2)
    broken["acts"][0]["kind"] = "sing"
    inbox, new, problem = Inbox().receive(broken, "cat", SIZE)
    assert new == [Point(2, 1)] and problem and inbox.last["tab"] == 2
