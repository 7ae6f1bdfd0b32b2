namespace Gache.Replication;

/// <summary>Why an operator's wish about members or leadership was refused.</summary>
public enum MemberRefusal
{
    /// <summary>Not refused by name.</summary>
    None,

    /// <summary>The node is no member of this shard.</summary>
    UnknownNode,

    /// <summary>The shard has no other voter.</summary>
    LastVoter,

    /// <summary>The node does not vote, so it cannot lead.</summary>
    NoVoter,

    /// <summary>Another change is under way, or the leader is too new to begin one: ask again.</summary>
    ChangeUnderWay,
}

/// <summary>The answer to an operator's wish about members or leadership.</summary>
/// <param name="Refusal">Why it could not be carried out now, or is not known to be; or null.</param>
/// <param name="Verdict">Why it was refused by name, or none.</param>
/// <param name="Detail">In words.</param>
public sealed record MemberAnswer(Refusal? Refusal, MemberRefusal Verdict, string Detail)
{
    /// <summary>Whether it was carried out.</summary>
    public bool IsDone => Refusal is null && Verdict == MemberRefusal.None;

    internal static MemberAnswer ChangeUnderWay { get; } =
        new(null, MemberRefusal.ChangeUnderWay, "another change of members or of leadership is under way, or an election has just been; one at a time: ask again in a moment");

    internal static MemberAnswer Done(string detail) => new(null, MemberRefusal.None, detail);

    internal static MemberAnswer No(MemberRefusal verdict, string detail) => new(null, verdict, detail);

    internal static MemberAnswer Not(Refusal refusal) => new(refusal, MemberRefusal.None, refusal.Detail);
}
