"""GET /v1/dealers."""

from audit_api.domain.directory import Role


def test_it_works(client, dealers, people):
    manager = people.add(Role.PROGRAMME_MANAGER)
    answer = client.get("/v1/dealers?limit=2", headers=people.headers(manager))
    assert answer.status_code == 200
    assert [d["code"] for d in answer.get_json()["items"]] == ["D0001", "D0002"]
    rest = client.get(f"/v1/dealers?after={answer.get_json()['next']}", headers=people.headers(manager)).get_json()
    assert [d["code"] for d in rest["items"]] == ["D0003"]
    assert rest["next"] is None


def test_scope_by_brand_and_dealer(client, dealers, people):
    narrow = people.add(Role.QUALITY_REVIEWER, brands=("Borealis",))
    dealer = people.add(Role.DEALER, dealers=("D0001",))
    assert [d["code"] for d in client.get("/v1/dealers", headers=people.headers(narrow)).get_json()["items"]] == [
        "D0003"
    ]
    assert client.get("/v1/dealers/D0001", headers=people.headers(dealer)).status_code == 200
    assert client.get("/v1/dealers/D0002", headers=people.headers(dealer)).status_code == 404


def test_needs_a_token(client, dealers):
    answer = client.get("/v1/dealers")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_unknown_argument_is_named(client, dealers, people):
    manager = people.add(Role.PROGRAMME_MANAGER)
    answer = client.get("/v1/dealers?colour=red", headers=people.headers(manager))
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "query.colour"
