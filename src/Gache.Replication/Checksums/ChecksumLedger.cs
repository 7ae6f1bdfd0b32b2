using Gache.Primitives;

namespace Gache.Replication;

/// <summary>The state's checksum at fixed indexes: the own ones, and what the voters reported (P5).</summary>
internal sealed class ChecksumLedger(ulong every)
{
    private const int KeptPoints = 256;

    private readonly Queue<(ulong Index, UInt128 Checksum)> own = new();
    private readonly Dictionary<NodeId, (ulong Index, UInt128 Checksum)> reported = [];

    /// <summary>The latest fixed index that was applied here, or 0.</summary>
    public ulong LatestIndex { get; private set; }

    /// <summary>The checksum there.</summary>
    public UInt128 Latest { get; private set; }

    /// <summary>True if the checksum is taken at this index.</summary>
    public bool IsPoint(ulong index) => index % every == 0;

    /// <summary>Notes the own checksum at a fixed index.</summary>
    public void Note(ulong index, UInt128 checksum)
    {
        (LatestIndex, Latest) = (index, checksum);
        own.Enqueue((index, checksum));
        if (own.Count > KeptPoints) own.Dequeue();
    }

    /// <summary>Forgets everything: the state was replaced by a snapshot.</summary>
    public void Restart()
    {
        own.Clear();
        reported.Clear();
        (LatestIndex, Latest) = (0, default);
    }

    /// <summary>The own checksum at a fixed index; null if it is not remembered.</summary>
    public UInt128? OwnAt(ulong index)
    {
        foreach ((ulong at, UInt128 checksum) in own)
        {
            if (at == index) return checksum;
        }

        return null;
    }

    /// <summary>Notes what a member reported.</summary>
    public void Report(NodeId member, ulong index, UInt128 checksum)
    {
        if (index != 0) reported[member] = (index, checksum);
    }

    /// <summary>How a member's latest report compares with the own state; null if they cannot be compared.</summary>
    public bool? Agrees(NodeId member, ulong notBefore = 0)
    {
        if (!reported.TryGetValue(member, out (ulong Index, UInt128 Checksum) report) || report.Index < notBefore) return null;
        return OwnAt(report.Index) is { } mine ? mine == report.Checksum : null;
    }

    /// <summary>What a member reported last, or index 0.</summary>
    public (ulong Index, UInt128 Checksum) ReportOf(NodeId member) => reported.GetValueOrDefault(member);

    /// <summary>Forgets the reports of earlier terms' followers.</summary>
    public void ForgetReports() => reported.Clear();
}
