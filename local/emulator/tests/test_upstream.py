"""The functions of MiniStack that are replaced or relied upon are the ones that were read.

A changed fingerprint means: read the new source, see whether the module that replaces it is still
needed and still right, then write the new fingerprint here.
"""

from __future__ import annotations

import importlib
import importlib.metadata

import pytest

from emulator import upstream
from emulator.lambda_functions.errors import with_named_errors

READ = [
    ("ministack.services.apigateway_v1", "_lambda_proxy_response", "3a5b91b76870"),
    ("ministack.services.apigateway_v1", "_invoke_lambda_proxy_v1", "5651a96fa7ba"),
    ("ministack.services.apigateway_v1", "_gateway_error_response", "c0a3f091df36"),
    ("ministack.app", "_handle_options_request", "68d385e7ee18"),
    ("ministack.app", "_dispatch_service_request", "17e5ef6dcfa0"),
    ("ministack.app", "_load_persisted_state", "03de3b870e8f"),
    ("ministack.app", "_handle_lifespan", "0daf4cf135cf"),
    ("ministack.app", "_s3_cors_target", "c67dcb79912b"),
    ("ministack.app", "call_service_handler_sync", "64e0d7e63500"),
    ("ministack.app", "_wait_for_port", "903605ef7737"),
    ("ministack.services.batch", "handle_request", "db291b425020"),
    ("ministack.services.cloudwatch_logs", "get_state", "969fbca606be"),
    ("ministack.services.cloudwatch_logs", "_put_log_events", "acd4fda33a38"),
    ("ministack.services.cloudwatch_logs", "_create_log_group", "ce6fd1931ae9"),
    ("ministack.services.cloudwatch_logs", "_create_log_stream", "99fc231b9677"),
    ("ministack.services.cloudformation.provisioners", "_provision_resource", "3b8f01fb1871"),
    ("ministack.services.cloudformation.provisioners", "_update_resource", "21b9b1207f59"),
    ("ministack.services.cloudformation.provisioners", "_delete_resource", "9e9ba54fb428"),
    ("ministack.services.cloudformation.provisioners", "_ddb_create", "277586e016c6"),
    ("ministack.services.cloudformation.provisioners", "_ddb_update", "0665980ffdd0"),
    ("ministack.services.cloudformation.provisioners", "_ddb_global_table_create", "cd71b40024fd"),
    ("ministack.services.cloudformation.provisioners", "_ddb_global_table_update", "fa63a6a118be"),
    ("ministack.services.dynamodb", "_set_item", "4e78ad492132"),
    ("ministack.services.dynamodb", "_remove_item", "5cce50c99688"),
    ("ministack.services.dynamodb", "_items_replaced", "b48626c371f7"),
    ("ministack.services.dynamodb", "handle_request", "1201f2ac993c"),
    ("ministack.services.dynamodb", "get_state", "ce90690a6033"),
    ("ministack.services.dynamodb", "_emit_stream_event", "8568d0446f26"),
    ("ministack.services.dynamodb", "drop_stream_records", "3449a18b1893"),
    ("ministack.services.dynamodb", "_trim_stream_records", "43f62f181df0"),
    ("ministack.services.dynamodb", "_evaluate_condition", "94561811e28c"),
    ("ministack.services.dynamodb", "_update_ttl", "e8243a4fbbb8"),
    ("ministack.services.dynamodb", "_update_continuous_backups", "4d306deca0a2"),
    ("ministack.services.eventbridge", "_put_events", "ebcda0f38061"),
    ("ministack.core.lambda_runtime", "_detect_runtime_binary", "222e200df2c0"),
    ("ministack.core.lambda_runtime", "acquire_worker", "5017d144adb5"),
    ("ministack.core.lambda_runtime", "release_worker", "25d5dd7d42b6"),
    ("ministack.core.lambda_runtime:Worker", "_spawn", "c55febf95656"),
    ("ministack.core.lambda_runtime:Worker", "_drain_stderr_bounded", "3fd7cc742872"),
    ("ministack.core.lambda_runtime:Worker", "invoke", "96751a754710"),
    ("ministack.services.lambda_svc", "_execute_function_warm", "62b9218bef5b"),
    ("ministack.services.lambda_svc", "_throttle_response", "647221d5b077"),
    ("ministack.core.persistence", "_json_default", "495d9abe01cb"),
    ("ministack.core.persistence", "_json_object_hook", "645fe9676147"),
    ("ministack.services.s3", "_post_object", "8d1de1398ac7"),
    ("ministack.services.s3", "_enforce_signed_post_policy", "315bcda3b920"),
    ("ministack.services.s3", "_enforce_post_policy_size", "cd0ef225367a"),
    ("ministack.services.s3", "_create_multipart_upload", "3e8ca288f480"),
    ("ministack.services.s3", "_upload_part", "e27ecd53f1de"),
    ("ministack.services.s3", "_upload_part_copy", "890950db69f2"),
    ("ministack.services.s3", "_complete_multipart_upload", "9e2d6452dfe1"),
    ("ministack.services.s3", "_abort_multipart_upload", "dfdafae7cd5f"),
    ("ministack.services.s3", "cors_preflight", "af904eebfd93"),
    ("ministack.services.s3", "cors_response_headers", "d37cd83b82b7"),
    ("ministack.services.stepfunctions", "get_state", "7d1a3261edd6"),
    ("ministack.services.stepfunctions", "_restore_state", "b94c49c3dd97"),
    ("ministack.services.stepfunctions", "_start_execution", "9923282fc76c"),
    ("ministack.services.stepfunctions", "_stop_execution", "44d2d84ccd5c"),
    ("ministack.services.stepfunctions", "_send_task_heartbeat", "56879a4655d1"),
    ("ministack.services.stepfunctions", "_add_event", "b1db143ccd21"),
    ("ministack.services.stepfunctions", "_emit_execution_status_event", "9c89e45693e3"),
    ("ministack.services.stepfunctions", "_run_execution", "996dff84e0e0"),
    ("ministack.services.stepfunctions", "_execute_task", "53c818d247db"),
    ("ministack.services.stepfunctions", "_execute_pass", "b1dff47048bc"),
    ("ministack.services.stepfunctions", "_execute_choice", "468955fcd4a4"),
    ("ministack.services.stepfunctions", "_execute_wait", "a1012679c72d"),
    ("ministack.services.stepfunctions", "_scaled_sleep", "5ed19df2efa9"),
    ("ministack.services.stepfunctions", "_invoke_resource", "a85d2be9a858"),
    ("ministack.services.stepfunctions", "_invoke_with_callback", "bbb38423156a"),
    ("ministack.services.stepfunctions", "_run_parallel_branches", "b8c7f6915297"),
    ("ministack.services.stepfunctions", "_run_map_items", "5df19a8074ce"),
    ("ministack.services.stepfunctions", "_run_distributed_map", "2b77d3ec0e04"),
    ("ministack.services.stepfunctions", "_run_sub_machine", "f8d844168b14"),
    ("ministack.services.stepfunctions", "_with_retry_and_catch", "b351699db7b3"),
    ("ministack.services.stepfunctions", "_apply_state_assign", "f9cc15f006a0"),
    ("ministack.services.stepfunctions", "_apply_catcher", "ca17bcad86a8"),
    ("ministack.services.stepfunctions", "_error_matches", "519b9dc729c5"),
    ("ministack.services.stepfunctions", "_find_matching_retrier", "cb494ae8503c"),
    ("ministack.services.stepfunctions", "_invoke_dynamodb", "3d538d8656c8"),
]


@pytest.mark.parametrize(("module", "name", "known"), READ)
def test_a_function_is_the_one_that_was_read(module: str, name: str, known: str):
    path, _, owner = module.partition(":")
    holder = importlib.import_module(path)
    if owner:
        holder = getattr(holder, owner)
    assert upstream.fingerprint(getattr(holder, name)) == known


def test_the_node_worker_answers_a_failed_handler_in_the_two_places_that_are_replaced():
    from ministack.core import lambda_runtime

    script = with_named_errors(lambda_runtime._NODEJS_WORKER_SCRIPT)
    assert script.count("handlerError") == 2
    with pytest.raises(RuntimeError, match="no longer holds"):
        with_named_errors(script)


def test_another_version_is_refused(monkeypatch: pytest.MonkeyPatch):
    upstream.require_version()
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "1.5.34")
    with pytest.raises(upstream.WrongUpstream, match=r"MiniStack 1\.5\.34 is installed"):
        upstream.require_version()
