"""What a client of a REST API sees when the function behind it fails."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

from conftest import Emulator
from functions import Functions


def answer_of(emulator: Emulator, source: str) -> tuple[int, str]:
    """Status and body of GET / on an API in front of a function."""
    name = Functions(emulator).create(source)
    api = emulator.client("apigateway")
    api_id = api.create_rest_api(name=name)["id"]
    root = api.get_resources(restApiId=api_id)["items"][0]["id"]
    method = {"restApiId": api_id, "resourceId": root, "httpMethod": "GET"}
    api.put_method(**method, authorizationType="NONE")
    function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    api.put_integration(
        **method,
        type="AWS_PROXY",
        integrationHttpMethod="POST",
        uri=f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function_arn}/invocations",
    )
    template = json.dumps({"code": "$context.error.responseType"})
    api.put_gateway_response(
        restApiId=api_id,
        responseType="DEFAULT_5XX",
        responseTemplates={"application/json": template},
    )
    api.create_deployment(restApiId=api_id, stageName="v1")
    url = f"http://127.0.0.1:{emulator.port}/_aws/execute-api/{api_id}/v1/"
    try:
        with urllib.request.urlopen(url) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def test_a_function_that_throws_is_a_502_by_the_apis_own_words(emulator: Emulator):
    status, body = answer_of(
        emulator, "export const handler = async () => { throw new Error('secret') }"
    )
    assert (status, json.loads(body)) == (502, {"code": "DEFAULT_5XX"})


def test_a_functions_own_502_is_passed_on(emulator: Emulator):
    source = "export const handler = async () => ({ statusCode: 502, body: 'mine' })"
    assert answer_of(emulator, source) == (502, "mine")
