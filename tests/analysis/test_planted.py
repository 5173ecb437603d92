"""What the demo plants among its clients, segments and feedback must find: in the frames as they are made."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from clientlib.analysis.fading import fading_by_trades
from clientlib.analysis.feedback import FeedbackReview, review_feedback
from clientlib.config import load
from clientlib.simulate import Demo, demo

AS_OF = dt.date(2026, 6, 30)
SETTINGS = load()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=[7, 11])
def made(request: pytest.FixtureRequest) -> Demo:
    return demo(seed=request.param, clients=2000, end=AS_OF)


@pytest.fixture(scope="module")
def review(made: Demo) -> FeedbackReview:
    areas = {name: made.areas[name].to_pandas() for name in ("feedback", "service_requests", "clients")}
    clients = areas["clients"].sort_values("updated_at").drop_duplicates("client_id", keep="last")
    zone = SETTINGS.firm.time_zone
    return review_feedback(
        areas["feedback"], areas["service_requests"], clients, AS_OF, SETTINGS.feedback, time_zone=zone
    )


def test_clients_who_drift_away_are_found(made: Demo) -> None:
    found = fading_by_trades(made.areas["trades"].to_pandas(), AS_OF, SETTINGS.segments)
    fading, planted = set(found.index[found["fading"]]), set(made.planted["drifting"]["clients"])
    assert len(fading & planted) >= 0.9 * len(planted)
    assert len(fading & planted) >= 0.5 * len(fading)


def test_the_branch_that_answers_slowly_is_the_only_one_called_slow(
    review: FeedbackReview, made: Demo
) -> None:
    speed = review.branch_speed
    slower = speed[speed["verdict"].eq("slower") & speed["measure"].eq("first_response")]
    assert slower["branch"].to_list() == [made.planted["slow_branch"]["branch"]]


def test_the_branch_that_clients_recommend_most_leads(review: FeedbackReview, made: Demo) -> None:
    scores: pd.Series = review.by_branch["nps"].astype(float)
    assert scores.idxmax() == made.planted["happy_branch"]["branch"]


def test_longer_waits_go_with_less_satisfaction(review: FeedbackReview) -> None:
    assert review.association["high"]["first_response"] < 0
