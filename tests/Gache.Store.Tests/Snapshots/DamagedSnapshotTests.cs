using Xunit;

namespace Gache.Store.Tests;

public sealed class DamagedSnapshotTests : IDisposable
{
    private readonly KeyValueStore store = new();
    private readonly KeyValueStore target = new();
    private readonly SnapshotHead head;
    private readonly List<byte[]> chunks;

    public DamagedSnapshotTests()
    {
        for (int i = 0; i < 300; i++) store.Set(BitConverter.GetBytes(i), StoreDriver.Value(i % 50 == 0 ? 20_000 : 50, i));
        SnapshotCapture capture = store.BeginSnapshot();
        head = capture.Head;
        chunks = capture.Drain(SnapshotCapture.MinChunkBytes);
    }

    public void Dispose()
    {
        store.Dispose();
        target.Dispose();
        Assert.Equal(0, target.NativeBytes);
    }

    [Fact]
    public void Any_flipped_bit_is_found()
    {
        var random = new Random(9);
        for (int i = 0; i < 500; i++)
        {
            List<byte[]> damaged = [.. chunks.Select(chunk => chunk.ToArray())];
            byte[] chunk = damaged[random.Next(damaged.Count)];
            chunk[random.Next(chunk.Length)] ^= (byte)(1 << random.Next(8));
            AssertRefused(head, damaged);
        }
    }

    [Fact]
    public void A_cut_chunk_is_found()
    {
        foreach (byte[] chunk in chunks.Take(3))
        {
            for (int length = 0; length < chunk.Length; length += 101)
            {
                AssertRefused(head, [.. chunks.TakeWhile(c => c != chunk), chunk[..length]]);
            }
        }
    }

    [Fact]
    public void A_missing_doubled_or_exchanged_chunk_is_found()
    {
        for (int i = 0; i < chunks.Count; i++)
        {
            AssertRefused(head, [.. chunks[..i], .. chunks[(i + 1)..]]);
            AssertRefused(head, [.. chunks[..(i + 1)], .. chunks[i..]]);
            if (i > 0) AssertRefused(head, [.. chunks[..(i - 1)], chunks[i], chunks[i - 1], .. chunks[(i + 1)..]]);
        }
    }

    [Fact]
    public void Another_head_is_found()
    {
        AssertRefused(head with { Checksum = head.Checksum + 1 }, chunks);
        AssertRefused(head with { KeyCount = head.KeyCount + 1 }, chunks);
        AssertRefused(head with { Revision = head.Revision - 1 }, chunks);
        AssertRefused(head with { Revision = head.Revision + 1 }, chunks);
        AssertRefused(head with { FeatureLevel = head.FeatureLevel + 1 }, chunks);
    }

    [Fact]
    public void Another_checksum_than_the_confirmed_one_is_refused()
    {
        target.BeginRestore(head);
        foreach (byte[] chunk in chunks) target.RestoreChunk(chunk);
        Assert.Throws<SnapshotDamagedException>(() => target.FinishRestore(head.Checksum + 1));
    }

    [Fact]
    public void After_a_refused_snapshot_and_a_clear_a_good_one_is_taken()
    {
        AssertRefused(head, chunks[..^1]);
        target.Restore(head, chunks);
        Assert.Equal(store.Checksum, target.Checksum);
    }

    private void AssertRefused(SnapshotHead saidHead, IEnumerable<byte[]> damaged)
    {
        Assert.Throws<SnapshotDamagedException>(() => target.Restore(saidHead, damaged));
        target.Clear();
        Assert.Equal(0, target.KeyCount);
        Assert.Equal(0, target.NativeBytes);
    }
}
