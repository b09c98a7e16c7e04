import pytest

from prentice.review.approval import Approval

APPROVAL = Approval(digest="ab12", actor="person", at=1_750_000_000.5, by="someone")


def test_an_approval_covers_the_change_with_its_digest_and_no_other() -> None:
    assert APPROVAL.covers("ab12")
    assert not APPROVAL.covers("ab13")


def test_an_approval_without_a_digest_covers_nothing() -> None:
    assert not Approval(digest="", actor="script", at=0).covers("")


def test_a_recorded_approval_reads_back_as_it_was() -> None:
    assert Approval.from_document(APPROVAL.document()) == APPROVAL


@pytest.mark.parametrize("change", [{"actor": "model"}, {"digest": None}, {"at": "now"}])
def test_what_is_no_approval_is_not_read_as_one(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no approval"):
        Approval.from_document(APPROVAL.document() | change)
