using CsCheck;
using Gache.Primitives;
using Gache.Replication;
using Xunit;

namespace Gache.Cluster.Tests.Watches;

/// <summary>A cursor comes back as it was given out, or not at all.</summary>
public sealed class WatchCursorTests
{
    private static readonly ClusterId Cluster = new(0x1234_5678_9ABC_DEF0);
    private static readonly WatchFilter Everything = WatchFilter.OfPrefix([]);

    private static readonly Gen<SlotPlace[]> Places = Gen.Select(Gen.Int[1, 3_000], Gen.ULong[0, 5], Gen.ULong).Array[0, 12].Select(runs =>
    {
        var places = new List<SlotPlace>();
        int next = 0;
        foreach ((int count, ulong epoch, ulong revision) in runs)
        {
            if (next + count >= 16_384) break;
            places.Add(new SlotPlace(next, next + count - 1, epoch, revision));
            next += count;
        }

        places.Add(new SlotPlace(next, 16_383, 7, 7));
        return places.ToArray();
    });

    [Fact]
    public void Any_places_come_back_as_they_were() => Places.Sample(places =>
    {
        Assert.True(WatchCursor.TryParse(WatchCursor.Encode(Cluster, places), Cluster, Everything, out List<SlotPlace> read));
        Assert.Equal(places.SelectMany(Slots), read.SelectMany(Slots));
    });

    [Fact]
    public void A_cursor_that_was_cut_or_changed_anywhere_is_none() => Gen.Select(Places, Gen.Int, Gen.Int[1, 63]).Sample((places, at, change) =>
    {
        string text = WatchCursor.Encode(Cluster, places);
        Assert.False(WatchCursor.TryParse(text[..((at & int.MaxValue) % text.Length)], Cluster, Everything, out _));
        const string Letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        int place = (at & int.MaxValue) % (text.Length - 1); // of the last letter only some bits count
        char[] other = text.ToCharArray();
        other[place] = Letters[(Letters.IndexOf(other[place]) + change) % 64];
        Assert.False(WatchCursor.TryParse(new string(other), Cluster, Everything, out _));
    });

    [Fact]
    public void A_cursor_of_another_cluster_or_of_another_watch_is_none()
    {
        string all = WatchCursor.Encode(Cluster, [new SlotPlace(0, 16_383, 1, 5)]);
        Assert.True(WatchCursor.TryParse(all, Cluster, Everything, out _));
        Assert.False(WatchCursor.TryParse(all, new ClusterId(9), Everything, out _));
        Assert.False(WatchCursor.TryParse(all, Cluster, WatchFilter.OfKey("k"u8), out _));
        Assert.False(WatchCursor.TryParse(WatchCursor.Encode(Cluster, [new SlotPlace(0, 16_382, 1, 5)]), Cluster, Everything, out _));
        Assert.False(WatchCursor.TryParse("", Cluster, Everything, out _));
        Assert.False(WatchCursor.TryParse(null, Cluster, Everything, out _));
        Assert.False(WatchCursor.TryParse("not base64!", Cluster, Everything, out _));
    }

    /// <summary>A request's headers have a bound: a cursor that does not fit could not be given back.</summary>
    [Theory]
    [InlineData(2, 1, 3_000)]
    [InlineData(16, 1, 12_000)]
    [InlineData(100, 2, WatchCursor.MaxChars)]
    public void A_cursor_of_slots_that_are_scattered_one_by_one_can_be_given_back(int shards, int epochs, int mostChars)
    {
        var random = new Random(1);
        ulong[] revisions = [.. Enumerable.Range(0, shards).Select(_ => (ulong)random.NextInt64(1_000_000, 1_000_000_000))];
        SlotPlace[] places =
        [
            .. Enumerable.Range(0, 16_384).Select(slot => new SlotPlace(slot, slot, (ulong)random.Next(1, epochs + 1), revisions[random.Next(shards)])),
        ];
        string text = WatchCursor.Encode(Cluster, places);
        Assert.InRange(text.Length, 1, mostChars);
        Assert.True(WatchCursor.TryParse(text, Cluster, Everything, out List<SlotPlace> read));
        Assert.Equal(places.SelectMany(Slots), read.SelectMany(Slots));
    }

    [Theory]
    [InlineData("user:", 0, 16_383)]
    [InlineData("{t", 0, 16_383)]
    [InlineData("{}", 0, 16_383)]
    [InlineData("", 0, 16_383)]
    public void A_prefix_without_a_whole_tag_is_of_all_slots(string prefix, int first, int last)
    {
        WatchFilter filter = WatchFilter.OfPrefix(System.Text.Encoding.UTF8.GetBytes(prefix));
        Assert.Equal((first, last), (filter.FirstSlot, filter.LastSlot));
    }

    [Theory]
    [InlineData("{t}")]
    [InlineData("a{t}b")]
    [InlineData("a{t}{u}")]
    public void A_prefix_with_a_whole_tag_is_of_one_slot(string prefix)
    {
        WatchFilter filter = WatchFilter.OfPrefix(System.Text.Encoding.UTF8.GetBytes(prefix));
        Assert.Equal(1, filter.SlotCount);
        Assert.Equal(Store.Slot.Of("{t}"u8), filter.FirstSlot);
        Assert.Equal(Store.Slot.Of(System.Text.Encoding.UTF8.GetBytes(prefix + "{u}rest")), filter.FirstSlot);
    }

    private static IEnumerable<(int, ulong, ulong)> Slots(SlotPlace place) => Enumerable.Range(place.First, place.Last - place.First + 1).Select(slot => (slot, place.Epoch, place.Revision));
}
