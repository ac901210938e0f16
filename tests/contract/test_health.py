"""The process, the database, errors and the description of the API."""


def test_it_works(client):
    assert client.get("/healthz").get_json() == {"status": "ok"}
    assert client.get("/readyz").get_json() == {"status": "ok"}


def test_openapi_is_3_1_and_speaks_of_problems(client):
    document = client.get("/openapi.json").get_json()
    assert document["openapi"] == "3.1.0"
    answer = document["paths"]["/v1/dealers"]["get"]["responses"]["401"]
    assert list(answer["content"]) == ["application/problem+json"]


def test_not_found_is_a_problem_in_the_readers_language(client):
    answer = client.get("/nowhere", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.status_code == 404
    assert answer.mimetype == "application/problem+json"
    assert answer.get_json()["title"] == "未找到"
    assert client.get("/nowhere").get_json()["title"] == "Not found"


def test_wrong_method_names_the_allowed_ones(client):
    answer = client.post("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert answer.get_json()["type"] == "/problems/method-not-allowed"
