namespace Gache.Server.Http.Many;

/// <summary>The bounds of requests on many keys (P10). What a page and a transaction may have stands with the store's own formats.</summary>
internal static class ManyLimits
{
    /// <summary>The most lines of a batch.</summary>
    public const int MaxLines = 10_000;

    /// <summary>The most bytes of a batch.</summary>
    public const int MaxBatchBytes = 16 * 1024 * 1024;

    /// <summary>So many lines of a batch are under way at once.</summary>
    public const int LinesAtOnce = 512;

    /// <summary>So many bytes of a batch are under way at once; one line always is.</summary>
    public const int BytesAtOnce = 1024 * 1024;

    /// <summary>Values that are read end one group of a batch's lines once they have so many bytes; the rest is asked for again.</summary>
    public const int ReadBytesOfGroup = 1024 * 1024;

    /// <summary>Reads of one group that are under way at once, however small their values turn out to be.</summary>
    public const int ReadsAtOnce = 64;

    /// <summary>A group of a batch's lines is begun no further once it has taken so long, well below the time after which nobody waits for its answer.</summary>
    public static readonly TimeSpan LongestGroup = TimeSpan.FromSeconds(1);

    /// <summary>A page asks at most so many times for the keys of the next slots, at their owners.</summary>
    public const int MaxAsksOfPage = 16;

    /// <summary>One DELETE of a prefix carries out at most so many slices, and then names where to go on.</summary>
    public const int MaxSlices = 64;

    /// <summary>Answers that are being made or sent, over all requests on many keys: 128 MiB.</summary>
    public const long MaxAnswerBytes = 128L * 1024 * 1024;

    /// <summary>What one of them is counted with before it is known how long it is; so is the answer of a transaction that reads, before it is passed on to
    /// its slot's owner. As JSON it may be six times as long, and is counted with that once it is here.</summary>
    public const int AnswerShareBytes = 2 * 1024 * 1024;

    /// <summary>An answer is handed to the client's connection in such pieces, in bytes.</summary>
    public const int SliceBytes = 64 * 1024;

    /// <summary>A client that takes no such piece, or brings none of its body, for this long may be cut off, where others find no room for theirs.</summary>
    public static readonly TimeSpan LongestStandstill = TimeSpan.FromSeconds(2);

    /// <summary>Transactions that read and are under way at once, here or passed on, as each may answer with <see cref="Store.TxnCommand.MaxAnswerBytes"/>.</summary>
    public const int MaxReadingTransactions = 256;

    /// <summary>So many of their large answers are written as JSON at once, which may be six times as long.</summary>
    public const int MaxLargeAnswers = 16;

    /// <summary>An answer of a transaction is large above this, in bytes.</summary>
    public const int LargeAnswerBytes = 64 * 1024;

    /// <summary>Deletions by prefix that are under way at once: each of their slices keeps every replica busy for about a millisecond.</summary>
    public const int MaxDeletions = 8;

    /// <summary>How long a slot without owner or leader is waited for.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(1);

    /// <summary>How often it is looked for.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>How many requests may wait for one at once; all others are told at once.</summary>
    public const int MaxWaiting = 1_024;
}
