using Xunit;

namespace Gache.Primitives.Tests;

public sealed class InvariantTests
{
    [Fact]
    public void A_broken_invariant_says_what_was_broken()
    {
        int index = 7;
        var broken = Assert.Throws<InvariantBrokenException>(() => Invariant.Holds(index < 7, $"index {index} is too high"));
        Assert.Equal("index 7 is too high", broken.Message);
    }

    [Fact]
    public void Nothing_is_formatted_or_allocated_while_it_holds()
    {
        var loud = new Loud();
        Invariant.Holds(true, $"{loud}");
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1_000; i++) Invariant.Holds(i < 1_000, $"{i} of {loud}");
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.False(loud.WasAsked);
    }

    [Fact]
    public void Ids_are_read_as_they_are_written_and_never_none()
    {
        var random = new Random(1);
        for (int i = 0; i < 100; i++)
        {
            NodeId id = NodeId.New(random);
            Assert.False(id.IsNone);
            Assert.True(NodeId.TryParse(id.ToString(), out NodeId read));
            Assert.Equal(id, read);
        }

        Assert.False(ShardId.TryParse("12", out _));
        Assert.False(ClusterId.TryParse(new string('g', 32), out _));
        Assert.True(default(NodeId).IsNone);
    }

    private sealed class Loud
    {
        public bool WasAsked { get; private set; }

        public override string ToString()
        {
            WasAsked = true;
            return "loud";
        }
    }
}
