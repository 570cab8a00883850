"""Password schemes (contract/server.md, section 2.2; contract/model.md, section 4)."""

import pytest

from omero_embedded.passwords import (
    LoginThrottle,
    PasswordChecker,
    hash_password,
    needs_rehash,
    plain_md5,
    salted_md5,
)


def test_new_passwords_use_argon2_with_a_salt():
    one, two = hash_password("secret"), hash_password("secret")
    assert one.startswith("$argon2id$")
    assert one != two
    assert PasswordChecker().matches(5, "secret", one)
    assert not PasswordChecker().matches(5, "Secret", one)


@pytest.mark.parametrize("blank", ["", " ", "   "])
def test_blank_password_is_stored_as_none_needed(blank):
    assert hash_password(blank) == ""


def test_older_schemes_are_accepted_and_marked_for_renewal():
    checker = PasswordChecker()

    assert plain_md5("ome") == "vvFwuczAmpyoRC0Nsv8FCw=="  # base64(md5)
    for stored in (plain_md5("omero"), plain_md5("omero").rstrip("="), salted_md5(7, "omero")):
        assert checker.matches(7, "omero", stored)
        assert not checker.matches(7, "other", stored)
        assert needs_rehash(stored)
    assert not checker.matches(8, "omero", salted_md5(7, "omero"))
    assert not needs_rehash(hash_password("omero"))


def test_remembered_password_is_forgotten_when_the_hash_changes():
    checker = PasswordChecker()
    stored = hash_password("secret")
    assert checker.matches(5, "secret", stored)
    assert checker.matches(5, "secret", stored)
    assert not checker.matches(5, "secret", hash_password("changed"))
    assert not checker.matches(6, "wrong", stored)


def test_damaged_hash_opens_nothing():
    assert not PasswordChecker().matches(5, "secret", "$argon2id$v=19$broken")
    assert not PasswordChecker().matches(5, "secret", "not a hash")


def test_refusals_are_delayed_from_the_second_on():
    throttle = LoginThrottle(1, 3000)
    assert [throttle.failed("a") for _ in range(3)] == [0.0, 3.0, 3.0]
    assert throttle.failed("b") == 0.0
    throttle.succeeded("a")
    assert throttle.failed("a") == 0.0
