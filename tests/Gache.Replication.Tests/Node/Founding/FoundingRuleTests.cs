using Gache.Primitives;
using Xunit;

namespace Gache.Replication.Tests.Node.Founding;

/// <summary>P8: who founds, given what each of the list answered.</summary>
public sealed class FoundingRuleTests
{
    private const string Own = "n1:8000";
    private static readonly NodeId Self = new(1);
    private static readonly ShardId Shard = new(50);
    private static readonly FoundingConsent ToSelf = new(Shard, Self, Own);
    private static readonly FoundingConsent ToAnother = new(new ShardId(51), new NodeId(8), Own);

    // What may be heard at an address. In lower case: of an empty folder.
    private static readonly Dictionary<string, FolderReport?> Heard = new()
    {
        ["silent"] = null,
        ["unclear"] = FolderReport.Unclear,
        ["self"] = Empty(1, Own, Own),
        ["other-me"] = Empty(9, Own, Own), // another process with this node's address
        ["n2"] = Empty(2, "n2:8000", Own),
        ["n3"] = Empty(3, "n3:8000", Own),
        ["N3"] = Empty(3, "n3:8000", "N1:8000"),
        ["n3-alone"] = Empty(3, "n3:8000", null),
        ["n3-for-n2"] = Empty(3, "n3:8000", "n2:8000"),
        ["n3-for-itself"] = Empty(3, "n3:8000", "n3:8000"),
        ["n2-agreed"] = Empty(2, "n2:8000", Own) with { Consent = ToSelf },
        ["n3-agreed"] = Empty(3, "n3:8000", Own) with { Consent = ToSelf },
        ["n3-taken"] = Empty(3, "n3:8000", Own) with { Consent = ToAnother },
        ["n3-objects"] = Empty(3, "n3:8000", Own) with { Objection = "it hears n7:8000, whose folder is not" },
        ["N2-MEMBER"] = new(new NodeId(2), "n2:8000", false, Shard, Own),
        ["N3-MEMBER"] = new(new NodeId(3), "n3:8000", false, Shard, Own),
        ["N3-LOST"] = new(new NodeId(3), "n3:8000", false, default, Own),
        ["N3-MET"] = new(new NodeId(3), "n3:8000", false, default, Own) { Objection = "member 4 of shard 5 looks for it" },
    };

    [Theory]
    [InlineData("self n2 n3", "Found", "")]
    [InlineData("self n2 N3", "Found", "")] // names of hosts have no case
    [InlineData("self n2", "Found", "")]
    [InlineData("self", "Wait", "")] // nobody else is there to agree
    [InlineData("self n2 silent", "Wait", "n3:8000: nobody answers")]
    [InlineData("self silent silent", "Wait", "n2:8000: nobody answers; n3:8000: nobody answers")]
    [InlineData("self n2 nowhere", "Wait", "n3:8000: the name is not known")]
    [InlineData("self n2 unclear", "Ask n3:8000", "n3:8000: it does not say")]
    [InlineData("self n2 N3-MEMBER", "Ask n3:8000", "n3:8000: it is of shard 0")]
    [InlineData("self N2-MEMBER silent", "Ask n2:8000", "n3:8000: nobody answers")]
    [InlineData("self N2-MEMBER N3-MEMBER", "Ask n2:8000,n3:8000", "")]
    [InlineData("self n2 N3-LOST", "Ask n3:8000", "n3:8000: it does not say")]
    [InlineData("self n2 N3-MET", "Ask n3:8000", "n3:8000: it does not say that its folder is empty: member 4 of shard 5 looks for it")]
    [InlineData("self n2 n3-objects", "Wait", "n3:8000: its folder is empty, but it hears n7:8000, whose folder is not")]
    [InlineData("self n2-agreed n3-agreed", "Found", "")] // an earlier try
    [InlineData("self n2 n3-taken", "Wait", "n3:8000: its folder is empty, and it agreed before that node 00000000000000000000000000000008 at n1:8000 founds shard")]
    [InlineData("self n2-agreed n3-taken", "Wait", "empty their folders and start them again")]
    [InlineData("self n2,n2 n3,n3", "Found", "")] // a dual stack: two addresses each
    [InlineData("self n2,n2 n2,n2", "Wait", "the same node answers as at n2:8000 (n3:8000/0)")]
    [InlineData("self n2 n2,n2", "Wait", "the same node answers as at n2:8000 (n3:8000/0)")]
    [InlineData("self n2 self,n2", "Wait", "the same node answers as at n2:8000 (n3:8000/1)")]
    [InlineData("self n2,silent n2,silent", "Wait", "nobody answers (n2:8000/1)")]
    [InlineData("self n2 n3-alone", "Wait", "started without --raft-join")]
    [InlineData("self n2 n3-for-n2", "Wait", "it waits for n2:8000 to found")]
    [InlineData("self n2 n3-for-itself", "Wait", "it waits for n3:8000 to found")]
    [InlineData("other-me n2 n3", "Wait", "n1:8000: this node's own address, and node 00000000000000000000000000000009 answers there")]
    [InlineData("self,other-me n2 n3", "Wait", "this node's own address, and node")]
    [InlineData("silent n2 n3", "Wait", "n1:8000: this node's own address, and nobody answers there")]
    [InlineData("unclear n2 n3", "Wait", "n1:8000: this node's own address, and nobody answers there")]
    [InlineData("self n2 self", "Wait", "n3:8000: this node itself answers there")] // an old answer of DNS
    [InlineData("self n2 n2", "Wait", "n3:8000: the same node answers as at n2:8000")] // the same
    [InlineData("self self,n2,n3", "Found", "")] // one name for all
    [InlineData("self n2 self,n2,n3", "Found", "")]
    [InlineData("self self", "Wait", "this node itself answers there, and nobody else")] // the name gives only this one so far
    [InlineData("self self,n2,silent", "Wait", "nobody answers (n2:8000/2)")]
    [InlineData("self self,n2,N3-MEMBER", "Ask n2:8000/2", "")]
    public void The_first_founds_only_when_everybody_else_has_an_empty_folder_and_takes_it_for_the_first(string heard, string step, string words) =>
        Is(step, words, Decide(heard, "n1:8000 n2:8000 n3:8000"));

    [Theory]
    [InlineData("self n2-agreed n3-agreed", "Found", "")]
    [InlineData("self n2-agreed self,n2-agreed,n3-agreed", "Found", "")]
    [InlineData("self n2-agreed n3", "Wait", "n3:8000: its folder is empty, and it has not agreed yet")]
    [InlineData("self n2-agreed self,n2-agreed,n3", "Wait", "and it has not agreed yet (n3:8000/2)")]
    [InlineData("self n2-agreed n3-taken", "Wait", "agreed before that node")]
    [InlineData("self n2-agreed silent", "Wait", "n3:8000: nobody answers")]
    [InlineData("self n2-agreed N3-MEMBER", "Ask n3:8000", "")]
    [InlineData("self n2 n3", "Wait", "n2:8000: its folder is empty, and it has not agreed yet; n3:8000: its folder is empty, and it has not agreed yet")]
    public void Whoever_was_asked_for_consent_must_have_given_it_to_this_very_shard(string heard, string step, string words) =>
        Is(step, words, Decide(heard, "n1:8000 n2:8000 n3:8000", isConsentAsked: true));

    [Theory]
    [InlineData("n2 self n3", "Wait", "waiting for n2:8000, the first of --raft-join, to found a shard, or for a member to take this node up; n2:8000: its folder is empty; n3:8000: its folder is empty")]
    [InlineData("silent self n3", "Wait", "n2:8000: nobody answers")]
    [InlineData("N2-MEMBER self n3", "Ask n2:8000", "")]
    [InlineData("n2 self N3-MEMBER", "Ask n3:8000", "")]
    [InlineData("n2,n3,self self n3", "Wait", "")] // a name that gives several is no node's own
    public void Who_is_not_the_first_never_founds(string heard, string step, string words) => Is(step, words, Decide(heard, "n2:8000 n1:8000 n3:8000"));

    [Fact]
    public void A_single_address_is_only_joined_at()
    {
        Is("Wait", "joining; n2:8000: its folder is empty", Decide("n2", "n2:8000"));
        Is("Wait", "joining; n2:8000: nobody answers", Decide("silent", "n2:8000"));
        Is("Ask n2:8000", "joining; ", Decide("N2-MEMBER", "n2:8000"));
        Is("Ask n2:8000", "joining; ", Decide("unclear", "n2:8000")); // an older version
        Is("Wait", "joining; ", Decide("n2,n3,self", "all:8000"));
    }

    [Fact]
    public void Whoever_was_of_a_shard_or_is_looked_for_by_a_member_never_founds()
    {
        FoundingDecision decision = Decide("self n2 n3", "n1:8000 n2:8000 n3:8000", veto: "this node was of a shard before");

        Is("Wait", "joining, and founding nothing: this node was of a shard before; ", decision);
    }

    /// <summary>What an earlier start was told, or a member that was met: it can prevent, and is no consent.</summary>
    [Theory]
    [InlineData("n3", "Found", "")]
    [InlineData("silent", "Found", "")]
    [InlineData("N3-MEMBER", "Ask x:8000", "")]
    [InlineData("unclear", "Ask x:8000", "")]
    public void Who_is_not_of_the_list_can_only_prevent(string heard, string step, string words)
    {
        var others = new ListedEntry("x:8000", [new ListedAnswer("x:8000", Heard[heard])]);

        Is(step, words, new FoundingRule(Own, Self, Shard).Decide([Entry("n1:8000", "self"), Entry("n2:8000", "n2")], [others], null));
        Is(step == "Found" ? "Wait" : step, words, new FoundingRule(Own, Self, Shard).Decide([Entry("n1:8000", "self")], [others], null));
    }

    [Fact]
    public void A_first_that_calls_itself_otherwise_is_named()
    {
        var misnamed = new ListedEntry("10.0.0.2:8000", [new ListedAnswer("10.0.0.2:8000", Empty(2, "n2:8000", "10.0.0.2:8000"))]);

        Is("Wait", "it calls itself n2:8000 (--advertise), not 10.0.0.2:8000", new FoundingRule(Own, Self, Shard).Decide([misnamed, Entry("n1:8000", "self")], [], null));
    }

    /// <summary>All that two nodes may hear of each other and of a third one, with lists that are the same or not: never do two found.</summary>
    [Fact]
    public void Two_nodes_never_found_at_once()
    {
        string[] names = ["n1:8000", "n2:8000", "n3:8000"];
        string[][] lists =
        [
            .. from a in names from b in names from c in names where a != b && b != c && a != c select new[] { a, b, c },
            .. from a in names from b in names where a != b select new[] { a, b },
        ];
        int found = 0;
        foreach (string[][] listOf in from one in lists from two in lists from three in lists select new[] { one, two, three })
        {
            int founders = Enumerable.Range(0, 3).Count(i => Founds(i, listOf));
            found += founders;
            Assert.True(founders <= 1, $"{founders} found with {string.Join(" | ", listOf.Select(list => string.Join(',', list)))}");
        }

        Assert.True(found > lists.Length, $"only {found} founded");

        bool Founds(int self, string[][] listOf) => new FoundingRule(names[self], new NodeId((ulong)self + 1), Shard).Decide(
            [.. listOf[self].Select(name => new ListedEntry(name, [new ListedAnswer(name, Empty((ulong)Array.IndexOf(names, name) + 1, name, listOf[Array.IndexOf(names, name)][0]))]))],
            [], null).Step == FoundingStep.Found;
    }

    private static void Is(string step, string words, FoundingDecision decision)
    {
        Assert.Equal(step, decision.At.Count > 0 ? $"{decision.Step} {string.Join(',', decision.At)}" : $"{decision.Step}");
        Assert.Contains(words, decision.Words, StringComparison.Ordinal);
    }

    private static FoundingDecision Decide(string heard, string names, string? veto = null, bool isConsentAsked = false) => new FoundingRule(Own, Self, Shard).Decide(
        [.. heard.Split(' ').Zip(names.Split(' '), (said, name) => Entry(name, said))], [], veto, isConsentAsked);

    /// <summary>Several answers of one name stand at addresses of their own.</summary>
    private static ListedEntry Entry(string name, string said) => said == "nowhere" ? new ListedEntry(name, []) : new ListedEntry(
        name, [.. said.Split(',').Select((one, i) => new ListedAnswer(said.Contains(',', StringComparison.Ordinal) ? $"{name}/{i}" : name, Heard[one]))]);

    private static FolderReport Empty(ulong node, string api, string? first) => new(new NodeId(node), api, true, default, first);
}
