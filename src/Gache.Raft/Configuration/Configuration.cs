using System.Collections.Immutable;
using Gache.Primitives;

namespace Gache.Raft;

/// <summary>A replica of the shard as its configuration names it.</summary>
/// <param name="Id">The node.</param>
/// <param name="RaftAddress">Where its raft port is reached, <c>host:port</c>; the core does not look at it.</param>
/// <param name="ApiAddress">Where clients reach it, <c>host:port</c>; the core does not look at it.</param>
public sealed record Member(NodeId Id, string RaftAddress, string ApiAddress);

/// <summary>Who replicates, and who counts: one set of voters, or two while a change is under way (joint consensus, thesis §4.3).</summary>
/// <remarks>Immutable. Equality is by content.</remarks>
public sealed class Configuration : IEquatable<Configuration>
{
    /// <summary>The most members (voters of both sets and learners together) that one configuration may name.</summary>
    public const int MaxMembers = 64;

    /// <summary>How many removed members are remembered; the earliest removal is forgotten first.</summary>
    public const int MaxRemoved = 64;

    private const byte Format = 1;
    private const byte FormatWithRemoved = 2;

    /// <summary>Makes a configuration; the ids in the three sets must each be a member.</summary>
    public Configuration(
        IEnumerable<Member> members, IEnumerable<NodeId> voters, IEnumerable<NodeId>? outgoing = null, IEnumerable<NodeId>? learners = null,
        IEnumerable<NodeId>? removed = null)
    {
        Members = [.. members.OrderBy(m => m.Id)];
        Voters = [.. voters.Order()];
        Outgoing = [.. (outgoing ?? []).Order()];
        Learners = [.. (learners ?? []).Order()];
        Removed = [.. removed ?? []];
        Invariant.Holds(Members.Length <= MaxMembers, $"a configuration of {Members.Length} members");
        foreach (NodeId id in Voters.Concat(Outgoing).Concat(Learners))
            Invariant.Holds(Find(id) is not null, $"{id} stands in a configuration without being a member of it");
        foreach (NodeId id in Learners)
            Invariant.Holds(!IsVoter(id), $"{id} would be voter and learner at once");
    }

    /// <summary>Nobody: the state of a node that belongs to no shard yet.</summary>
    public static Configuration Empty { get; } = new([], []);

    /// <summary>Every replica, by id.</summary>
    public ImmutableArray<Member> Members { get; }

    /// <summary>The voters; in a joint configuration the new ones.</summary>
    public ImmutableArray<NodeId> Voters { get; }

    /// <summary>In a joint configuration the old voters, else empty.</summary>
    public ImmutableArray<NodeId> Outgoing { get; }

    /// <summary>Replicas that are sent everything and count for nothing.</summary>
    public ImmutableArray<NodeId> Learners { get; }

    /// <summary>Nodes that an operator removed, in the order of removal: they stay out until their data is deleted, whoever leads meanwhile.</summary>
    public ImmutableArray<NodeId> Removed { get; }

    /// <summary>True while both sets of voters must agree.</summary>
    public bool IsJoint => Outgoing.Length > 0;

    /// <summary>True if the node counts in a majority.</summary>
    public bool IsVoter(NodeId id) => Voters.Contains(id) || Outgoing.Contains(id);

    /// <summary>True if the node is sent entries without counting.</summary>
    public bool IsLearner(NodeId id) => Learners.Contains(id);

    /// <summary>The member with this id, or null.</summary>
    public Member? Find(NodeId id)
    {
        foreach (Member member in Members)
        {
            if (member.Id == id) return member;
        }

        return null;
    }

    /// <summary>The same, with this member added as a learner, or its addresses changed if it is a member already.</summary>
    public Configuration WithLearnerOrAddresses(Member member)
    {
        IEnumerable<Member> members = Members.Where(m => m.Id != member.Id).Append(member);
        return new(members, Voters, Outgoing, IsVoter(member.Id) || IsLearner(member.Id) ? Learners : Learners.Append(member.Id), Removed);
    }

    /// <summary>The same, with this node remembered as removed by an operator.</summary>
    public Configuration WithRemoved(NodeId id) => new(Members, Voters, Outgoing, Learners, Removed.Where(r => r != id).Append(id).TakeLast(MaxRemoved));

    /// <summary>The same without this learner.</summary>
    public Configuration WithoutLearner(NodeId id) =>
        new(Members.Where(m => m.Id != id), Voters, Outgoing, Learners.Where(l => l != id), Removed);

    /// <summary>The joint configuration that leads from these voters to <paramref name="voters"/> (thesis §4.3).</summary>
    public Configuration EnterJoint(IReadOnlyCollection<NodeId> voters) =>
        new(Members, voters, Voters, Learners.Where(l => !voters.Contains(l)), Removed);

    /// <summary>What follows a joint configuration: the new voters alone; members that are in no set any more are dropped.</summary>
    public Configuration LeaveJoint() =>
        new(Members.Where(m => Voters.Contains(m.Id) || Learners.Contains(m.Id)), Voters, null, Learners, Removed);

    /// <summary>Writes the configuration as an entry's payload.</summary>
    public byte[] Encode()
    {
        var writer = new ByteWriter();
        EncodeTo(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Writes the configuration.</summary>
    public void EncodeTo(ByteWriter writer)
    {
        writer.WriteByte(Removed.IsEmpty ? Format : FormatWithRemoved);
        writer.WriteByte((byte)Members.Length);
        foreach (Member member in Members)
        {
            writer.WriteUInt128(member.Id.Value);
            writer.WriteByte((byte)((Voters.Contains(member.Id) ? 1 : 0) | (Outgoing.Contains(member.Id) ? 2 : 0) | (IsLearner(member.Id) ? 4 : 0)));
            writer.WriteText(member.RaftAddress);
            writer.WriteText(member.ApiAddress);
        }

        if (Removed.IsEmpty) return;
        writer.WriteByte((byte)Removed.Length);
        foreach (NodeId id in Removed) writer.WriteUInt128(id.Value);
    }

    /// <summary>Reads what <see cref="Encode"/> wrote; false for anything else.</summary>
    public static bool TryDecode(ref ByteReader reader, out Configuration configuration)
    {
        configuration = Empty;
        byte format = reader.ReadByte();
        if (format is not (Format or FormatWithRemoved)) return false;
        int count = reader.ReadByte();
        if (count > MaxMembers) return false;
        var members = new List<Member>(count);
        List<NodeId> voters = [], outgoing = [], learners = [];
        for (int i = 0; i < count && reader.IsValid; i++)
        {
            var id = new NodeId(reader.ReadUInt128());
            byte roles = reader.ReadByte();
            if (roles > 4 || id.IsNone || members.Any(m => m.Id == id)) return false; // a learner is no voter
            members.Add(new Member(id, reader.ReadText(), reader.ReadText()));
            if ((roles & 1) != 0) voters.Add(id);
            if ((roles & 2) != 0) outgoing.Add(id);
            if ((roles & 4) != 0) learners.Add(id);
        }

        var removed = new List<NodeId>();
        int removals = format == FormatWithRemoved ? reader.ReadByte() : 0;
        if (removals > MaxRemoved) return false;
        for (int i = 0; i < removals && reader.IsValid; i++) removed.Add(new NodeId(reader.ReadUInt128()));
        if (!reader.IsValid) return false;
        configuration = new Configuration(members, voters, outgoing, learners, removed);
        return true;
    }

    /// <summary>Reads the configuration in an entry's payload.</summary>
    /// <exception cref="InvariantBrokenException">The payload is no configuration: the entry passed its checksum, so a writer was wrong.</exception>
    public static Configuration Decode(ReadOnlySpan<byte> payload)
    {
        var reader = new ByteReader(payload);
        Invariant.Holds(TryDecode(ref reader, out Configuration configuration), "a configuration entry cannot be read");
        return configuration;
    }

    /// <inheritdoc/>
    public bool Equals(Configuration? other) =>
        other is not null && Members.SequenceEqual(other.Members) && Voters.SequenceEqual(other.Voters)
        && Outgoing.SequenceEqual(other.Outgoing) && Learners.SequenceEqual(other.Learners) && Removed.SequenceEqual(other.Removed);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Configuration);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Members.Length, Voters.Length, Outgoing.Length, Learners.Length);

    /// <inheritdoc/>
    public override string ToString() =>
        $"voters [{string.Join(' ', Voters)}]" + (IsJoint ? $" outgoing [{string.Join(' ', Outgoing)}]" : "")
        + (Learners.Length > 0 ? $" learners [{string.Join(' ', Learners)}]" : "");
}
