using Gache.Primitives;
using Xunit;

namespace Gache.Raft.Tests;

/// <summary>Whom an operator removed is remembered through every change that follows.</summary>
public sealed class ConfigurationTests
{
    private static readonly NodeId A = new(1), B = new(2), C = new(3);
    private static readonly Configuration Three = new([MemberOf(A), MemberOf(B), MemberOf(C)], [A, B, C]);

    [Fact]
    public void A_removed_member_is_remembered_through_both_halves_of_its_removal_and_later_changes()
    {
        Configuration joint = Three.EnterJoint([A, B]).WithRemoved(C);
        Assert.Equal((true, true), (joint.IsVoter(C), joint.Removed.Contains(C))); // it counts until the second half

        Configuration later = joint.LeaveJoint().WithLearnerOrAddresses(MemberOf(new NodeId(4))).WithoutLearner(new NodeId(4));
        Assert.Equal((null, C), (later.Find(C), Assert.Single(later.Removed)));
        Assert.NotEqual(later, new Configuration(later.Members, later.Voters));
        Assert.Equal(later, Configuration.Decode(later.Encode()));
    }

    [Fact]
    public void Who_was_removed_longest_ago_is_forgotten_first()
    {
        Configuration many = Three;
        for (ulong n = 100; n < 101 + Configuration.MaxRemoved; n++) many = many.WithRemoved(new NodeId(n));
        Assert.Equal(Configuration.MaxRemoved, many.Removed.Length);
        Assert.DoesNotContain(new NodeId(100), many.Removed);
        Assert.Equal(many, Configuration.Decode(many.Encode()));
    }

    /// <summary>A shard that removed nobody writes what it always wrote.</summary>
    [Fact]
    public void Without_removed_members_the_bytes_are_those_of_before_and_more_than_the_bound_is_not_believed()
    {
        Assert.Equal(1, Three.Encode()[0]);
        byte[] bytes = Three.WithRemoved(new NodeId(9)).Encode();
        Assert.Equal(2, bytes[0]);
        bytes[^17] = Configuration.MaxRemoved + 1;
        var reader = new ByteReader(bytes);
        Assert.False(Configuration.TryDecode(ref reader, out _));
        reader = new ByteReader(bytes.AsSpan(0, bytes.Length - 1));
        Assert.False(Configuration.TryDecode(ref reader, out _));
    }

    private static Member MemberOf(NodeId id) => new(id, $"{id}:7000", $"{id}:8000");
}
