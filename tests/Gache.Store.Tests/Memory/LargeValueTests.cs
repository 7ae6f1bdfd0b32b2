using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

public sealed class LargeValueTests
{
    [Fact]
    public void A_pinned_value_outlives_its_replacement_its_key_and_the_store()
    {
        byte[] bytes = StoreDriver.Value(100_000, 1);
        var store = new KeyValueStore();
        store.Set("a"u8, bytes);
        Assert.True(store.TryGet("a"u8, out ValueRef value));
        Assert.True(value.IsLarge);
        LargeValue pinned = value.Pin();
        LargeValue again = value.Pin();

        store.Set("a"u8, "small"u8);
        store.Delete("a"u8);
        store.Dispose();
        Assert.True(pinned.Memory.Span.SequenceEqual(bytes));
        Assert.True(store.NativeBytes > bytes.Length);

        pinned.Release();
        pinned.Release();
        Assert.True(again.Memory.Span.SequenceEqual(bytes));
        Assert.Throws<ObjectDisposedException>(() => pinned.GetSpan().Length);
        again.Release();
        Assert.Equal(0, store.NativeBytes);
    }

    [Fact]
    public void Readers_on_other_threads_release_while_the_store_goes_on()
    {
        var store = new KeyValueStore();
        var sent = new List<Task<bool>>();
        for (int i = 0; i < 2_000; i++)
        {
            store.Set("a"u8, StoreDriver.Value(5_000, i));
            Assert.True(store.TryGet("a"u8, out ValueRef value));
            LargeValue pinned = value.Pin();
            int seed = i;
            sent.Add(Task.Run(
                () =>
                {
                    bool isWhole = pinned.Memory.Span.SequenceEqual(StoreDriver.Value(5_000, seed));
                    pinned.Release();
                    return isWhole;
                },
                TestContext.Current.CancellationToken));
        }

        Assert.All(sent, task => Assert.True(task.GetAwaiter().GetResult()));
        store.Dispose();
        Assert.Equal(0, store.NativeBytes);
    }

    [Fact]
    public void A_small_value_cannot_be_pinned()
    {
        using var store = new KeyValueStore();
        store.Set("a"u8, new byte[Record.InlineBytesMax - 1]);
        Assert.Throws<InvariantBrokenException>(() =>
        {
            Assert.True(store.TryGet("a"u8, out ValueRef value));
            value.Pin();
        });
    }

    [Fact]
    public void Bytes_follow_what_is_stored()
    {
        using var store = new KeyValueStore();
        long empty = store.Bytes;
        store.Set("a"u8, new byte[1_000_000]);
        Assert.InRange(store.Bytes - empty, 1_000_000, 1_001_000);
        store.Set("a"u8, new byte[1_000]);
        Assert.InRange(store.Bytes - empty, 1_000, 1_200);
        store.Delete("a"u8);
        Assert.Equal(empty, store.Bytes);
    }
}
