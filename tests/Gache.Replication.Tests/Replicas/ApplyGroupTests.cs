using Gache.Raft;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests;

public sealed class ApplyGroupTests
{
    [Fact]
    public void Sixteen_small_entries_are_one_group_and_their_keys_are_told()
    {
        var group = new ApplyGroup();
        ulong index = 0;
        while (!group.IsFull) group.Add(Set(++index, "some value"u8));
        Assert.Equal((ulong)KeyValueStore.MaxExpected, index);
        Assert.Equal(Enumerable.Range(1, 16).Select(i => (ulong)i), group.Entries.ToArray().Select(entry => entry.Index));
        Assert.All(group.Keys.ToArray(), key => Assert.Equal("key"u8, key.Span));
    }

    [Fact]
    public void Large_entries_are_applied_one_at_a_time_as_each_may_be_in_memory_for_this_alone()
    {
        var group = new ApplyGroup();
        group.Add(Set(1, new byte[8 << 20]));
        Assert.True(group.IsFull);
        group.Clear();
        Assert.False(group.IsFull);
        group.Add(Set(2, default));
        Assert.False(group.IsFull);
    }

    [Fact]
    public void What_was_applied_is_let_go()
    {
        var group = new ApplyGroup();
        WeakReference payload = AddAndClear(group);
        GC.Collect();
        Assert.False(payload.IsAlive);
        GC.KeepAlive(group);
    }

    [Fact]
    public void What_is_no_command_has_no_key()
    {
        var group = new ApplyGroup();
        group.Add(new Entry(1, 1, EntryKind.NoOp, default));
        group.Add(new Entry(2, 1, EntryKind.Configuration, Command.EncodeSet("key"u8, default)));
        group.Add(new Entry(3, 1, EntryKind.Command, Command.EncodeTime(1)));
        Assert.All(group.Keys.ToArray(), key => Assert.True(key.IsEmpty));
    }

    // Apart, so that no local of the test holds it.
    private static WeakReference AddAndClear(ApplyGroup group)
    {
        Entry entry = Set(1, new byte[100]);
        group.Add(entry);
        Assert.True(System.Runtime.InteropServices.MemoryMarshal.TryGetArray(entry.Payload, out ArraySegment<byte> bytes));
        group.Clear();
        return new WeakReference(bytes.Array);
    }

    private static Entry Set(ulong index, ReadOnlySpan<byte> value) => new(index, 1, EntryKind.Command, Command.EncodeSet("key"u8, value));
}
