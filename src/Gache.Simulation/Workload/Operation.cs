using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>What a client asks.</summary>
public enum OperationKind
{
    /// <summary>POST: sets the value.</summary>
    Set,

    /// <summary>PUT: sets the value too, as a command of its own.</summary>
    Put,

    /// <summary>DELETE.</summary>
    Delete,

    /// <summary>GET, linearizable.</summary>
    Read,

    /// <summary>GET with <c>level=stale</c>.</summary>
    StaleRead,

    /// <summary>POST with <c>add</c>: counts, on keys of its own.</summary>
    Add,
}

/// <summary>What the client knows of its operation's effect.</summary>
public enum Outcome
{
    /// <summary>No answer, or one that says so: it may take effect at any later time, or never.</summary>
    Unknown,

    /// <summary>It was carried out.</summary>
    Done,

    /// <summary>It was refused, and surely never takes effect (P11).</summary>
    NotApplied,

    /// <summary>It was judged where it stands in the log, and its condition did not hold: the answer tells the key's present revision.</summary>
    Declined,
}

/// <summary>One attempt of one client, as the client saw it. A repeated request is a new operation with a new value.</summary>
public sealed class Operation
{
    /// <summary><see cref="Completed"/> while no answer has come.</summary>
    public const long Never = long.MaxValue;

    /// <summary>A value that no client ever wrote, in a read's answer.</summary>
    public const long ForeignValue = -1;

    /// <summary>Who asked.</summary>
    public required int Client { get; init; }

    /// <summary>What was asked.</summary>
    public required OperationKind Kind { get; init; }

    /// <summary>Of which key.</summary>
    public required string Key { get; init; }

    /// <summary>Of a write: what must hold for it to be carried out; null for nothing.</summary>
    public Condition? Condition { get; init; }

    /// <summary>Of a set or put: for how long the key is to be there; zero: for ever.</summary>
    public TimeSpan Ttl { get; init; }

    /// <summary>Of a conditional write, and of a read that names <see cref="Known"/>: for how long it waits for its condition; zero: not at all.</summary>
    public TimeSpan Wait { get; init; }

    /// <summary>Of a read that waits: the revision that it waits to differ from. Of a stale one: the revision that it must have reached. 0: none.</summary>
    public ulong Known { get; init; }

    /// <summary>When it was asked, by the fastest clock.</summary>
    public TimeSpan InvokedAt { get; init; }

    /// <summary>When the answer came, by the fastest clock.</summary>
    public TimeSpan CompletedAt { get; set; }

    /// <summary>Of a keyed write: its Idempotency-Key; null for none. All its repeats are one operation: it may take effect once.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>Of a keyed write: every answer that it and its repeats got.</summary>
    public List<WriteAnswer> Answers { get; } = [];

    /// <summary>Of a keyed write: an attempt of it may have taken effect, so that the refusal of a later one says nothing of it.</summary>
    public bool IsInDoubt { get; set; }

    /// <summary>Of an addition: what is added, and the bound of the sum.</summary>
    public CounterTerms Counter { get; init; }

    /// <summary>The number of the value: of a set or put the one to write, unique in the history; of a read the one found; of an addition the
    /// sum.</summary>
    public long Value { get; set; }

    /// <summary>The place in the history at which it was asked.</summary>
    public required long Invoked { get; init; }

    /// <summary>The place in the history at which the answer came.</summary>
    public long Completed { get; set; } = Never;

    /// <summary>What the client knows.</summary>
    public Outcome Outcome { get; set; }

    /// <summary>Of a read whether the key was found; of a write whether it existed before; of a declined one whether it exists.</summary>
    public bool IsFound { get; set; }

    /// <summary>The revision answered; of a declined write the key's present one.</summary>
    public ulong Revision { get; set; }

    /// <summary>At whom, and the refusal's words; for the trace.</summary>
    public string Remark { get; set; } = "";

    /// <summary>True for set, put, delete and add.</summary>
    public bool IsWrite => Kind is OperationKind.Set or OperationKind.Put or OperationKind.Delete or OperationKind.Add;

    /// <summary>True for set and put.</summary>
    public bool WritesValue => Kind is OperationKind.Set or OperationKind.Put;

    /// <inheritdoc/>
    public override string ToString()
    {
        string what = $"{(WritesValue ? $"{Kind} {Key}=v{Value}" : Kind == OperationKind.Add ? $"{Kind} {Key}+{Counter.Delta}, at most {Counter.Max}" : $"{Kind} {Key}")}{Condition switch
        {
            { MustExist: true } => " if it exists",
            { MustNotExist: true } => " if it does not exist",
            { AnyOf: { } revisions } => $" if revision {string.Join('/', revisions.ToArray())}",
            _ => "",
        }}";
        if (Ttl > TimeSpan.Zero) what += $" for {Ttl.TotalSeconds:F1} s";
        if (Known != 0) what += Kind == OperationKind.StaleRead ? $" not before {Known}" : $" unless revision {Known}";
        if (Wait > TimeSpan.Zero) what += $", waits {Wait.TotalSeconds:F1} s";
        if (IdempotencyKey is not null) what += $" as {IdempotencyKey}";
        string end = Completed == Never ? "…" : $"{Completed}";
        string result = Outcome switch
        {
            Outcome.Unknown => "unknown",
            Outcome.NotApplied => "not-applied",
            Outcome.Declined => IsFound ? $"declined, revision {Revision}" : "declined, not there",
            _ when Kind == OperationKind.Add => $"sum {Value}, revision {Revision}, {(IsFound ? "existed" : "new")}",
            _ when IsWrite => $"done, revision {Revision}, {(IsFound ? "existed" : "new")}",
            _ => IsFound ? $"found v{Value}, revision {Revision}" : "not found",
        };
        return $"[{Invoked}–{end}] client {Client}: {what}: {result}{(Remark.Length > 0 ? $" ({Remark})" : "")}";
    }
}
