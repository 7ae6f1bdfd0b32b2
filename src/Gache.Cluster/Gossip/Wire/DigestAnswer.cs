using Gache.Primitives;

namespace Gache.Cluster;

/// <summary>How the asked node's knowledge compares with the caller's.</summary>
internal enum DigestOutcome : byte
{
    /// <summary>Same nodes, same versions: only heartbeats come.</summary>
    Same = 0,

    /// <summary>Same nodes, other versions: they come too, in the roster's order.</summary>
    Versions = 1,

    /// <summary>Other nodes: everything comes by name.</summary>
    Listing = 2,
}

/// <summary>One node in a listing.</summary>
/// <param name="Node">Which.</param>
/// <param name="Generation">Its generation.</param>
/// <param name="Version">The version of its record.</param>
/// <param name="LoadVersion">The version of its load record; 0 for none.</param>
/// <param name="Beat">Its heartbeat.</param>
/// <param name="Silence">Since when that did not rise, in tenths of a second.</param>
internal readonly record struct Listed(NodeId Node, ulong Generation, ulong Version, ulong LoadVersion, ulong Beat, ulong Silence)
{
    public const int LeastBytes = NodeId.Size + 5;
}

/// <summary>The answer to a <see cref="DigestQuestion"/>.</summary>
/// <param name="Header">Who answers.</param>
/// <param name="Outcome">What comes.</param>
/// <param name="Rises">For each node of the roster that is alive here, by how much its heartbeat is higher than the caller's; the heartbeat as in a
/// question if the caller had no news; 0 for nothing.</param>
/// <param name="Versions">For each node of the roster the version of its record.</param>
/// <param name="LoadVersions">The same of its load record, coded as a heartbeat; no news for none.</param>
/// <param name="Listing">Every node told of.</param>
internal sealed record DigestAnswer(
    GossipHeader Header, DigestOutcome Outcome, ulong[] Rises, ulong[] Versions, ulong[] LoadVersions, IReadOnlyList<Listed> Listing)
{
    public void Write(ByteWriter writer)
    {
        Header.Write(writer);
        writer.WriteByte((byte)Outcome);
        if (Outcome == DigestOutcome.Listing)
        {
            WriteListing(writer);
            return;
        }

        Columns.Write(Rises, writer);
        if (Outcome == DigestOutcome.Same) return;
        Columns.Write(Versions, writer);
        Columns.Write(LoadVersions, writer);
    }

    public static DigestAnswer? TryRead(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > GossipLimits.MaxMessageBytes) return null;
        var reader = new ByteReader(bytes);
        if (!GossipHeader.TryRead(ref reader, out GossipHeader header)) return null;
        var outcome = (DigestOutcome)reader.ReadByte();
        switch (outcome)
        {
            case DigestOutcome.Same:
                return Columns.TryRead(ref reader) is { } beats ? new DigestAnswer(header, outcome, beats, [], [], []) : null;
            case DigestOutcome.Versions:
                return Columns.TryRead(ref reader) is { } rises && Columns.TryRead(ref reader) is { } versions && Columns.TryRead(ref reader) is { } loads
                    ? new DigestAnswer(header, outcome, rises, versions, loads, []) : null;
            case DigestOutcome.Listing:
                return TryReadListing(ref reader) is { } listing ? new DigestAnswer(header, outcome, [], [], [], listing) : null;
            default:
                return null;
        }
    }

    private void WriteListing(ByteWriter writer)
    {
        writer.WriteVarUInt64((ulong)Listing.Count);
        foreach (Listed one in Listing)
        {
            writer.WriteUInt128(one.Node.Value);
            writer.WriteVarUInt64(one.Generation);
            writer.WriteVarUInt64(one.Version);
            writer.WriteVarUInt64(one.LoadVersion);
            writer.WriteVarUInt64(one.Beat);
            writer.WriteVarUInt64(one.Silence);
        }
    }

    private static Listed[]? TryReadListing(ref ByteReader reader)
    {
        ulong count = reader.ReadVarUInt64();
        if (count > (ulong)Math.Min(reader.Remaining / Listed.LeastBytes, GossipLimits.MaxNodes)) return null;
        var listing = new Listed[count];
        for (int i = 0; i < listing.Length; i++)
        {
            Listed one = new(new NodeId(reader.ReadUInt128()), reader.ReadVarUInt64(), reader.ReadVarUInt64(), reader.ReadVarUInt64(), reader.ReadVarUInt64(), reader.ReadVarUInt64());
            if (one.Generation >= GossipLimits.MaxCounter || one.LoadVersion >= GossipLimits.MaxCounter || one.Beat >= GossipLimits.MaxCounter) return null;
            listing[i] = one;
        }

        return reader.IsValid ? listing : null;
    }
}
