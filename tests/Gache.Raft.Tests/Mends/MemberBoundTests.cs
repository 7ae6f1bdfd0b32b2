using Gache.Primitives;
using Xunit;

namespace Gache.Raft.Tests;

/// <summary>A configuration has a bound, and all of the core works up to it (P10): the 65th member once ended leaders.</summary>
public sealed class MemberBoundTests
{
    [Fact]
    public void Configuration_of_the_most_members_elects_commits_and_is_read_back()
    {
        Server leader = Server.Leader(voters: Configuration.MaxMembers);
        for (int follower = 2; follower <= 32; follower++) leader.Step(Server.AppendAnswer(follower, term: 2, 2));
        Assert.Equal(0ul, leader.Core.CommitIndex);
        leader.Step(Server.AppendAnswer(33, term: 2, 2));
        Assert.Equal(2ul, leader.Core.CommitIndex);
        Assert.Equal(leader.Core.Configuration, Configuration.Decode(leader.Core.Configuration.Encode()));
    }

    [Fact]
    public void One_member_more_is_refused_before_it_stands_in_any_log()
    {
        Configuration full = Group.ConfigurationOf(Enumerable.Range(1, 3), Enumerable.Range(4, Configuration.MaxMembers - 3));
        Assert.Equal(Configuration.MaxMembers, full.Members.Length);
        Assert.Throws<InvariantBrokenException>(() => full.WithLearnerOrAddresses(Group.MemberOf(Configuration.MaxMembers + 1)));
        Assert.Equal(full, full.WithLearnerOrAddresses(Group.MemberOf(Configuration.MaxMembers))); // that one is a member already
    }

    [Fact]
    public void Payload_that_names_more_members_than_the_bound_is_no_configuration()
    {
        var writer = new ByteWriter();
        writer.WriteByte(1); // the format
        writer.WriteByte(Configuration.MaxMembers + 1);
        for (int number = 1; number <= Configuration.MaxMembers + 1; number++)
        {
            writer.WriteUInt128(Group.IdOf(number).Value);
            writer.WriteByte(1); // a voter
            writer.WriteText($"n{number}:7000");
            writer.WriteText($"n{number}:8000");
        }

        byte[] payload = writer.Written.ToArray();
        var reader = new ByteReader(payload);
        Assert.False(Configuration.TryDecode(ref reader, out _));
        Assert.Throws<InvariantBrokenException>(() => Configuration.Decode(payload));
    }
}
