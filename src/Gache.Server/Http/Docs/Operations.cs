using Gache.Server.Http.Problems;
using static Gache.Server.Http.Problems.ProblemTable;

namespace Gache.Server.Http.Docs;

/// <summary>Everything that can be asked over HTTP, once: <c>/openapi.json</c> and <c>/docs</c> are made from this, and tests hold the server to it.</summary>
internal static class Operations
{
    private const string Json = "application/json";
    private const string Lines = "application/x-ndjson";
    private const string Plain = "text/plain; charset=utf-8";
    private const string Bytes = "application/octet-stream";
    private const string Keys = "Keys";
    private const string Cluster = "Cluster";
    private const string Health = "Health";
    private const string ForNodes = "Between nodes";
    private const string Documents = "Documents";

    /// <summary>Problems that any request may be answered with.</summary>
    public static IReadOnlyList<Problem> Everywhere { get; } = [CrossOrigin, Fault];

    /// <summary>Problems of requests that are none of these operations: another path, another method.</summary>
    public static IReadOnlyList<Problem> OfNoOperation { get; } = [PathUnknown, MethodNotAllowed];

    private static readonly Parameter Key = new("key", Place.Path, "string",
        "1 to 2,048 bytes after percent-decoding, which is done once. '/' and '//' and '%2F' are ordinary; byte 0 and segments that are '.' or '..' are not possible")
    {
        IsRequired = true,
    };

    private static readonly Parameter IfMatch = new("If-Match", Place.Header, "string", "\"REVISION\", a list of them, or *: the key must be there, with one of them");
    private static readonly Parameter IfNoneMatch = new("If-None-Match", Place.Header, "string", "* or \"REVISION\", or a list: the key must not be there, or have another revision");
    private static readonly Parameter IdempotencyKey = new("Idempotency-Key", Place.Header, "string",
        "1 to 64 printable characters: a repeat within ten minutes changes nothing and gets the first answer");

    private static readonly Parameter TtlParameter = new("ttl", Place.Query, "string", "for how long the key is to be there: 1500ms, 30s, 5m, 2h, 7d, or seconds; keep leaves what is left");
    private static readonly Parameter Level = new("level", Place.Query, "string", "linearizable (default): sees every acknowledged write; stale: some earlier state, from the node that is asked");

    private static readonly Parameter MinRevision = new("min-revision", Place.Query, "integer", "with level=stale: at least the state in which a key of the slot got this revision");
    private static readonly Parameter WaitForChange = new("wait", Place.Query, "string", "with If-None-Match: up to so long (5m at most) for another revision, else 304");
    private static readonly Parameter WaitForTurn = new("wait", Place.Query, "string", "with a condition: up to so long (5m at most) until it holds, in order of arrival, else 412");

    private static readonly (string, string) Tag = ("ETag", "the revision in quotes");
    private static readonly (string, string) Revision = ("Gache-Revision", "the same number");
    private static readonly (string, string) ExpiresIn = ("Gache-Expires-In", "milliseconds that are left, where the key expires");

    private static readonly Answer Elsewhere = new(307, "nothing was done: the leader of the key's shard is elsewhere (curl -L)", new Content(Plain, "the same in words"), ("Location", "the very same target there"));

    private static readonly Problem[] OfKeys =
    [
        KeyEmpty, KeyMalformed, KeyTooLong, ParameterUnknown, ParameterAmbiguous, ParameterMalformed, NotServing, SlotsUnassigned, SlotMoving,
        NoLeader, NoQuorum, ShuttingDown, QueueTimeout, Overloaded, RoutingLoop,
    ];

    private static readonly Problem[] OfReads = [.. OfKeys, RevisionNotReached, KeyNotFound, ConditionMalformed, PreconditionFailed];

    private static readonly Problem[] OfWrites =
    [
        .. OfKeys, ConditionMalformed, PreconditionFailed, IdempotencyKeyMalformed, IdempotencyKeyReused, IdempotencyFull, BodyIncomplete, BodyTooSlow, BodyMalformed,
        ValueTooLarge, LengthRequired, Superseded, ProblemTable.Timeout, LeadershipLost,
    ];

    private static readonly Problem[] OfPuts = [.. OfWrites, TtlMalformed, DiskFull, MemoryFull];

    private static readonly Problem[] OfPages =
    [
        ParameterUnknown, ParameterAmbiguous, ParameterMalformed, NotServing, SlotsUnassigned, SlotMoving, NoLeader, NoQuorum, ShuttingDown, QueueTimeout, Overloaded,
    ];

    private static readonly Problem[] OfTransactions =
    [
        ParameterUnknown, HeaderUnsupported, BodyMalformed, BodyIncomplete, BodyTooSlow, LengthRequired, KeyEmpty, KeyTooLong, ValueTooLarge, TtlMalformed, IdempotencyKeyMalformed, IdempotencyKeyReused,
        IdempotencyFull, TxnCrossSlot, TxnTooLarge, NotANumber, OutOfRange, AnswerTooLarge, NotServing, SlotsUnassigned, SlotMoving, NoLeader, NoQuorum, ShuttingDown, QueueTimeout,
        Overloaded, RoutingLoop, Superseded, ProblemTable.Timeout, LeadershipLost, DiskFull, MemoryFull,
    ];

    private static readonly Parameter Prefix = new("prefix", Place.Query, "string", "what the keys begin with, percent-encoded; with a whole {tag} in it only one slot is looked into");
    private static readonly Parameter Cursor = new("cursor", Place.Query, "string", "where to go on: what the answer before gave");

    private static readonly Problem[] OfOperators =
    [
        NotServing, ParameterUnknown, BodyMalformed, BodyIncomplete, BodyTooSlow, ValueTooLarge, Overloaded, NoLeader, NoQuorum, ShuttingDown, QueueTimeout,
        RoutingLoop, PartlyDone, ProblemTable.Timeout, LeadershipLost, Superseded,
    ];

    private static readonly Problem[] OfJoins =
    [
        NotServing, ParameterUnknown, ParameterMalformed, BodyMalformed, BodyIncomplete, BodyTooSlow, ValueTooLarge, Overloaded, AddressInUse, NotReachable, WrongShard,
        NoLeader, NoQuorum, ShuttingDown, QueueTimeout, ProblemTable.Timeout, LeadershipLost, Superseded,
    ];

    private static readonly Content ShardId = new(Json, "a shard, its new leader", ("shard", "string", "the shard's id"), ("leader", "string", "the API address of the leader now"));

    /// <summary>All of them, in the order in which they are shown.</summary>
    public static IReadOnlyList<Operation> All { get; } =
    [
        new("GET", "/key/{key}", Keys, "Read a key")
        {
            Parameters = [Key, Level, MinRevision, WaitForChange, IfNoneMatch with { Words = "\"REVISION\" or a list: 304 if the key still has it" }, IfMatch],
            Answers =
            [
                new(200, "the value, byte for byte", new Content(Bytes, "the value"), Tag, Revision, ExpiresIn),
                new(304, "the revision is one that the client has", null, Tag, Revision), Elsewhere,
            ],
            Problems = OfReads,
            Curl = "-L -i ADDRESS/key/greeting",
        },
        new("HEAD", "/key/{key}", Keys, "Read what GET would tell, without the value")
        {
            Parameters = [Key, Level, MinRevision, WaitForChange, IfNoneMatch, IfMatch],
            Answers = [new(200, "the key is there", null, Tag, Revision, ExpiresIn), new(304, "the revision is one that the client has", null, Tag, Revision), Elsewhere with { Body = null }],
            Problems = OfReads,
            Curl = "-L -I ADDRESS/key/greeting",
        },
        new("POST", "/key/{key}", Keys, "Set a key, count with it, or set its time")
        {
            Words = "With add the body is empty and the answer is the new number; with touch the value stays and only its time is set. Otherwise the body is the value.",
            Parameters =
            [
                Key, TtlParameter, WaitForTurn, IfMatch, IfNoneMatch, IdempotencyKey,
                new("add", Place.Query, "integer", "a decimal 64-bit number that is added; a missing key counts as 0"),
                new("min", Place.Query, "integer", "with add: the sum may not be below"), new("max", Place.Query, "integer", "with add: the sum may not be above"),
                new("touch", Place.Query, "string", "as ttl, without a value: 404 if there is no such key"),
            ],
            Body = new Content("*/*", "the value, whatever Content-Type says; none with add or touch") { IsRequired = false },
            Answers = [new(200, "it is on the disks of a majority; with add the sum is the body", new Content(Bytes, "empty, or the sum"), Tag, Revision), Elsewhere],
            Problems = [.. OfPuts, KeyNotFound, NotANumber, OutOfRange],
            Curl = "-L -d 'some value' ADDRESS/key/greeting",
        },
        new("PUT", "/key/{key}", Keys, "Set a key, and say whether it is new")
        {
            Parameters = [Key, TtlParameter, WaitForTurn, IfMatch, IfNoneMatch, IdempotencyKey],
            Body = new Content("*/*", "the value, whatever Content-Type says") { IsRequired = false },
            Answers = [new(200, "it was replaced", null, Tag, Revision), new(201, "it is new", null, Tag, Revision), Elsewhere],
            Problems = OfPuts,
            Curl = "-L -X PUT -H 'If-None-Match: *' -d me 'ADDRESS/key/lock?ttl=30s&wait=1m'",
        },
        new("DELETE", "/key/{key}", Keys, "Remove a key")
        {
            Words = "The same answer if there was nothing: a retry must not fail.",
            Parameters = [Key, WaitForTurn, IfMatch, IfNoneMatch, IdempotencyKey],
            Answers = [new(204, "it is gone", null, Revision), Elsewhere],
            Problems = OfWrites,
            Curl = "-L -X DELETE ADDRESS/key/greeting",
        },
        new("GET", "/watch", Keys, "Watch one key, or all with a prefix")
        {
            Words = "Server-Sent Events that stay open: ready, then put, delete and expire in order by key, and progress now and then; close says why it ends.",
            Parameters =
            [
                new("key", Place.Query, "string", "the key; or"), new("prefix", Place.Query, "string", "the beginning of keys; empty: all"),
                new("from", Place.Query, "string", "the id after which to go on"), new("Last-Event-ID", Place.Header, "string", "the same, and counts before it"),
            ],
            Answers = [new(200, "the events, each with an id to go on from", new Content("text/event-stream", "events")), Elsewhere],
            Problems =
            [
                WatchCompacted, HistoryUnreachable, KeyEmpty, KeyTooLong, ParameterUnknown, ParameterAmbiguous, ParameterMalformed, NotServing, NoLeader, NoQuorum, ShuttingDown,
                QueueTimeout, Overloaded,
            ],
            Curl = "-LN 'ADDRESS/watch?prefix=user:'",
        },
        .. Read("/keys", Keys, "Tell keys, page by page",
            [
                Prefix, Cursor, new("limit", Place.Query, "integer", "at most so many keys: 1 to 1,000, 100 if it is not said"), new("values", Place.Query, "boolean", "whether values are told"),
            ],
            [
                new(200, "a page; it may be short or empty, and only the last one has no cursor", new Content(Json, "slot by slot, in byte order within a slot",
                    ("keys", "array", "key, revision, and value where it is asked for; bytes that are no UTF-8 are {\"base64\":…}"), ("cursor", "string", "where the next page begins"),
                    ("watch", "string", "on the first page: from= of a watch that misses nothing of what changes during the scan"))), Elsewhere,
            ],
            OfPages, "'ADDRESS/keys?prefix=user:&limit=10&values=true'"),
        new("DELETE", "/keys", Keys, "Remove the keys that begin with a prefix")
        {
            Words = "In slices, each at one index of its shard's log, and not atomic as a whole: where it cannot go on, the answer says how far it came.",
            Parameters = [Prefix with { IsRequired = true }, Cursor, new("dry-run", Place.Query, "boolean", "true only counts")],
            Answers =
            [
                new(200, "so many are gone; with a cursor there may be more", new Content(Json, "how far it came", ("deleted", "integer", "how many keys"), ("dry_run", "boolean", "true where they were only counted"),
                    ("cursor", "string", "where to go on"), ("error", "object", "the problem that stopped it"))), Elsewhere,
            ],
            Problems = [.. OfPages, PrefixRequired, HeaderUnsupported, Superseded, ProblemTable.Timeout, LeadershipLost],
            Curl = "-X DELETE 'ADDRESS/keys?prefix=tmp:&dry-run=true'",
        },
        new("POST", "/batch", Keys, "Carry out many commands, each for itself")
        {
            Words = "At most 10,000 lines or 16 MiB. Lines for one key are carried out in order; a failed one stops no other, and has the problem that it would have alone as its error.",
            Body = new Content(Lines, "a JSON command a line: op (set, get, delete, add), key, value, ttl, if_match, if_none_match, idempotency_key, min, max"),
            Answers = [new(200, "a JSON result a line, in the order of the commands", new Content(Lines, "status, revision, value, error")), Elsewhere],
            Problems = [ParameterUnknown, HeaderUnsupported, BodyMalformed, BodyIncomplete, BodyTooSlow, LengthRequired, BatchTooLarge, Overloaded, NotServing],
            Curl = "-L --data-binary @lines ADDRESS/batch",
        },
        new("POST", "/txn", Keys, "Compare keys of one slot and change them, all or nothing")
        {
            Words = "All keys share a {tag}. If every comparison holds then is done, else else; if one operation cannot be done none is. At most 128 operations, 4 MiB.",
            Parameters = [IdempotencyKey],
            Body = Body("what to compare and to do", ("compare", "array", "key, and revision or exists"), ("then", "array", "op (set, get, delete, add), key, value, ttl, min, max"), ("else", "array", "the same")),
            Answers =
            [
                new(200, "it was carried out", new Content(Json, "what came of it", ("succeeded", "boolean", "whether all comparisons held"), ("results", "array", "one an operation: status, revision, value"))), Elsewhere,
            ],
            Problems = OfTransactions,
            Curl = "-L -d '{\"then\":[{\"op\":\"add\",\"key\":\"{bank}ann\",\"value\":30}]}' ADDRESS/txn",
        },
        .. Read("/cluster", Cluster, "Who owns which slots, who leads, who is a member",
            [],
            [new(200, "one object a shard, sorted by first slot", new Content(Json, "a shard",
                ("apiAddr", "string", "the leader's API address, or of this node"), ("addr", "string", "its raft address"), ("slotBegin", "integer", "first slot, or -1"),
                ("slotEnd", "integer", "last slot of the first range, or -1"), ("leader", "string", "the leader's API address, or empty"), ("shard", "string", "its id"),
                ("cluster", "string", "the cluster's id"), ("epoch", "integer", "highest epoch of its slots"), ("term", "integer", "its term"),
                ("slots", "array", "pairs of first and last slot"), ("members", "array", "its members: id, addresses, role, lag, reachable")) { IsArray = true })],
            [], "ADDRESS/cluster"),
        new("POST", "/cluster/move", Cluster, "Move slots to a shard, online")
        {
            Body = Body("which slots, and where to", ("slots", "array", "pairs of first and last slot"), ("to", "string", "the id of the shard that is to own them"), ("shard", "string", "the shard that gives them, if only it is meant")),
            Answers = [new(202, "the moves have begun", new Content(Json, "how many", ("moving", "integer", "slots that are on their way")))],
            Problems = [.. OfOperators, ShardUnknown, SlotsUnassigned, SlotsThere, SlotsBusy, SlotMoving],
        },
        new("DELETE", "/cluster/move", Cluster, "Keep slots that are on their way and have not changed hands")
        {
            Body = Body("which slots", ("slots", "array", "pairs of first and last slot"), ("shard", "string", "the shard that gives them, if only it is meant")),
            Answers = [new(200, "they stay", new Content(Json, "how many", ("kept", "integer", "slots that stay")))],
            Problems = [.. OfOperators, ShardUnknown, SlotsUnassigned, SlotMoving],
        },
        .. Read("/cluster/moves", Cluster, "Slots that are between two shards",
            [new("shard", Place.Query, "string", "of one shard alone, by its id")],
            [new(200, "as each shard's leader tells", new Content(Json, "the moves", ("moves", "array", "slot, from, to, state"), ("left", "integer", "how many there are"), ("silent", "array", "shards that could not be asked")))],
            [NotServing, ParameterUnknown, NoLeader, NoQuorum, ShuttingDown, QueueTimeout, Overloaded, RoutingLoop], "ADDRESS/cluster/moves"),
        new("POST", "/cluster/members", Cluster, "Add a member to a shard, or remove one")
        {
            Body = Body("whom", ("add", "string", "the raft address of a node that waits there"), ("remove", "string", "the id of a member"), ("shard", "string", "the shard's id, if it is not the one of this node")),
            Answers =
            [
                new(200, "it is removed", new Content(Json, "whom", ("removed", "string", "its id"))),
                new(202, "it is a member, and votes when it has caught up", new Content(Json, "as of a join", ("cluster", "string", "cluster id"), ("shard", "string", "shard id"), ("id", "string", "the member's id"), ("slots", "array", "pairs"))),
            ],
            Problems = [.. OfOperators, ShardUnknown, NodeUnknown, LastVoter, NoVoter, ChangeUnderWay, AddressInUse, NotReachable, WrongShard],
        },
        new("POST", "/cluster/transfer", Cluster, "Hand the leadership of a shard over")
        {
            Body = Body("which shard, and to whom", ("shard", "string", "the shard's id"), ("to", "string", "a voter's id; without it the one that is furthest")),
            Answers = [new(202, "it was handed over", ShardId)],
            Problems = [.. OfOperators, ShardUnknown, NodeUnknown, LastVoter, NoVoter, ChangeUnderWay],
        },
        new("POST", "/cluster/forget", Cluster, "Forget a node that is gone for good")
        {
            Body = Body("whom", ("node", "string", "its id")),
            Answers = [new(200, "every node drops what it knows of it", new Content(Json, "whom", ("forgotten", "string", "its id")))],
            Problems = [.. OfOperators, NodeUnknown, NodeAlive],
        },
        .. Read("/livez", Health, "Whether the process can do its work", [], [new(200, "ok", new Content(Plain, "ok"))], [], "ADDRESS/livez"),
        .. Read("/readyz", Health, "Whether this node may be given requests",
            [new("scope", Place.Query, "string", "node (default), or cluster: every slot must have an owner that can be reached")],
            [new(200, "ready, perhaps with warnings", new Content(Plain, "one line a warning")), new(503, "not ready", new Content(Plain, "one line a reason"))],
            [ParameterUnknown], "'ADDRESS/readyz?scope=cluster'"),
        .. Read("/metrics", Health, "Figures for Prometheus", [], [new(200, "docs/metrics.md lists them", new Content("text/plain; version=0.0.4", "Prometheus text, or OpenMetrics where Accept asks for it"))], [], "ADDRESS/metrics"),
        .. Read("/", Documents, "What a person with curl wants to know first", [], [new(200, "a page", new Content(Plain, "words"))], [], "ADDRESS/"),
        .. Read("/openapi.json", Documents, "This, for programs", [], [new(200, "OpenAPI 3.1", new Content(Json, "the document", ("openapi", "string", "3.1.x"), ("paths", "object", "all operations")))], [], "ADDRESS/openapi.json"),
        .. Read("/docs", Documents, "This, for people", [], [new(200, "a page", new Content("text/html; charset=utf-8", "a page that can be read as it is; where scripts run, Scalar's view of this"))], [], "ADDRESS/docs"),
        .. Read("/docs/scalar.js", Documents, "The script of that page", [], [new(200, "Scalar's, out of this server", new Content("text/javascript; charset=utf-8", "a script"))], [], "--compressed ADDRESS/docs/scalar.js"),
        new("POST", "/join", ForNodes, "Join this node's shard")
        {
            Words = "A node with --raft-join asks this by itself.",
            Body = Body("the joiner", ("addr", "string", "its raft address"), ("id", "string", "its id"), ("api", "string", "its API address"), ("cluster", "string", "its cluster, if it is of one"), ("shard", "string", "its shard, if it is of one"), ("slots", "array", "slots that it expects, as pairs")),
            Answers = [new(202, "it is a learner, and votes when it has caught up", new Content(Json, "what it has joined", ("cluster", "string", "cluster id"), ("shard", "string", "shard id"), ("id", "string", "the member's id"), ("slots", "array", "pairs")))],
            Problems = OfJoins,
        },
        new("GET", "/join", ForNodes, "Join this node's shard, as the original program asked")
        {
            Parameters = [new("addr", Place.Query, "string", "the joiner's raft address") { IsRequired = true }],
            Answers = [new(202, "as POST", new Content(Json, "what it has joined", ("cluster", "string", "cluster id"), ("shard", "string", "shard id"), ("id", "string", "the member's id"), ("slots", "array", "pairs")))],
            Problems = OfJoins,
        },
        new("HEAD", "/join", ForNodes, "Nothing: it only tells that the page is there") { Answers = [new(200, "nothing was done")] },
        .. Read("/join/folder", ForNodes, "Whether this node ever heard of a shard", [], [new(200, "what its folder says", Folder)], [NotServing], ""),
        new("POST", "/join/folder", ForNodes, "Agree that a node founds a shard, and no other")
        {
            Body = Body("who founds what", ("shard", "string", "the shard's id"), ("id", "string", "the founder's id"), ("api", "string", "its API address")),
            Answers = [new(200, "what its folder says, and to whom it agreed", Folder)],
            Problems = [NotServing, BodyMalformed, BodyIncomplete, BodyTooSlow, ValueTooLarge, Overloaded],
        },
    ];

    /// <summary>The path of the operation that a path belongs to: <c>/key/{key}</c> for all keys, <c>other</c> for what is none.</summary>
    public static string RouteOf(ReadOnlySpan<char> path)
    {
        if (path.StartsWith(Dispatcher.KeyPrefix, StringComparison.Ordinal)) return "/key/{key}";
        foreach (Operation operation in All)
            if (path.Equals(operation.Path, StringComparison.Ordinal)) return operation.Path;

        return "other";
    }

    private static Content Folder => new(Json, "a folder's report",
        ("id", "string", "this node's id"), ("api", "string", "its API address"), ("empty", "boolean", "whether it never heard of a shard"), ("shard", "string", "its shard"),
        ("first", "string", "whom it takes for the first of the list"), ("objection", "string", "why nobody may found"), ("consent", "object", "to whom it agreed"));

    private static Content Body(string words, params (string Name, string Type, string Words)[] fields) => new(Json, words, fields);

    /// <summary>A page that is only read: GET, and HEAD without its body.</summary>
    private static Operation[] Read(string path, string group, string summary, Parameter[] parameters, Answer[] answers, Problem[] problems, string curl) =>
    [
        new("GET", path, group, summary) { Parameters = parameters, Answers = answers, Problems = problems, Curl = curl },
        new("HEAD", path, group, summary + ", without the body") { Parameters = parameters, Answers = [.. answers.Select(answer => answer with { Body = null })], Problems = problems },
    ];
}
