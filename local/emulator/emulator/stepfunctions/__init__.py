"""State machines as the Amazon States Language and Step Functions define them.

Upstream (`ministack/services/stepfunctions.py`) evaluates JSONata and reaches other services well,
and that is kept. Its walk over the states is replaced, because what it gets wrong is spread over
all of it: `HeartbeatSeconds` is ignored and `TimeoutSeconds` as an expression fails; nothing that
waits notices a stop, so a stopped execution goes on inside Map and Parallel and may end FAILED;
`Output`, `Arguments` and `Assign` of Parallel, and `Output` of Succeed and of a Choice's default,
are ignored; parallel branches share one context, their task tokens included; a failed callback
Lambda is swallowed; `MaxDelaySeconds`, `JitterStrategy` and the time limit of an execution are
ignored; States.Runtime can be caught; a Distributed Map in JSONata runs once with the whole input;
a Map that fails lets its other items go on; `StartExecution` by the same name and input is
refused.

Sources: states-language.net/spec.html, and the Step Functions Developer Guide ("Handling errors",
"Transforming data with JSONata", "Passing data with variables", "Service integration patterns").
"""
