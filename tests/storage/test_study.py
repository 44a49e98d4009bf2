"""Taking, giving back, and what becomes of what the dead had taken."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from optuna.storages._rdb.models import TrialHeartbeatModel, TrialUserAttributeModel

from aegru_hw.storage import Claim, SharedStudy
from aegru_hw.storage.trials import HEARD, key_of
from tests.support.postgresql import postgresql


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def address(request, tmp_path_factory):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('storage') / 'study.db'}"
    else:
        with postgresql() as server:
            yield server


@pytest.fixture
def open_study(address, request):
    return lambda: SharedStudy.open(address, request.node.name, ["maximize"])


def test_what_is_taken_is_taken_once(open_study) -> None:
    one, two = open_study(), open_study()
    claim = one.take("a")
    assert claim is not None
    assert two.take("a") is None
    assert two.state().keys == {"a"}
    other = two.take("b")
    assert other is not None
    one.complete(claim, [1.0])
    two.refuse(other, "odd")
    assert two.take("a") is None
    assert two.take("b") is None
    state = one.state()
    assert [key_of(trial) for trial in state.complete] == ["a"]
    assert state.reasons == ("odd",)
    assert (state.running, state.lost, state.keys) == ((), (), {"a", "b"})


def test_many_at_once_take_each_key_once(open_study) -> None:
    keys = [str(number) for number in range(6)]

    def work(_: int) -> list[str]:
        study = open_study()
        claims = [study.take(key) for key in keys]
        return [claim.key for claim in claims if claim is not None]

    with ThreadPoolExecutor(4) as pool:
        taken = [key for keys in pool.map(work, range(4)) for key in keys]
    assert sorted(taken) == keys


def test_what_fails_is_given_back(open_study) -> None:
    study = open_study()
    claim = study.take("a")
    with pytest.raises(KeyboardInterrupt), study.alive(claim):
        raise KeyboardInterrupt
    state = study.state()
    assert (state.keys, state.lost) == (frozenset(), ())
    assert study.take("a") is not None


def test_what_the_dead_had_taken_is_lost_and_taken_again(open_study) -> None:
    study, other = open_study(), open_study()
    with study.alive(study.take("living")):
        dead, unheard = study.take("dead"), study.take("unheard")
        forget_heartbeat(study, unheard)
        assert other.state().keys == {"living", "dead", "unheard"}
        silence(study, dead)
        other._unheard[unheard.trial_id] -= 3600
        other.state()
        state = other.state()
        assert state.keys == {"living"}
        assert {key_of(trial) for trial in state.lost} == {"dead", "unheard"}
        (lost,) = (trial for trial in state.lost if key_of(trial) == "dead")
        other.complete(other.take_again(lost), [2.0])
        study.complete(dead, [1.0])  # it was not dead after all
        state = other.state()
        assert [trial.values for trial in state.complete] == [[2.0]]
        assert state.complete[0].system_attrs["failed_trial"] == lost.number
        assert {key_of(trial) for trial in state.lost} == {"unheard"}


def silence(study: SharedStudy, claim: Claim) -> None:
    """Make the last sign of life an hour old."""
    with study._storage.scoped_session() as session:
        row = session.query(TrialHeartbeatModel).filter_by(trial_id=claim.trial_id).one()
        row.heartbeat -= timedelta(hours=1)
        session.commit()


def forget_heartbeat(study: SharedStudy, claim: Claim) -> None:
    """Make a trial of a worker that died before its first sign of life."""
    with study._storage.scoped_session() as session:
        for model, more in ((TrialHeartbeatModel, {}), (TrialUserAttributeModel, {"key": HEARD})):
            session.query(model).filter_by(trial_id=claim.trial_id, **more).delete()
        session.commit()
