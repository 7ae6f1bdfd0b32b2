using CsCheck;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>Any sequence of operations does to the store what it does to a sorted dictionary.</summary>
public sealed class StoreAgainstModelTests
{
    private enum Kind
    {
        Set,
        Put,
        Delete,
        Get,
        BeginSnapshot,
        Fill,
    }

    // Few tags, so that slots grow; long shared prefixes, so that separators do; all bytes.
    private static readonly Gen<byte[]> Keys = Gen.OneOf(
        Gen.Byte.Array[1, 3],
        Gen.Select(Gen.Byte[0, 3], Gen.Int[0, 400]).Select((tag, number) => Key($"{{{tag}}}", 0, number)),
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 40]).Select((size, number) => Key("{long}", 400 + 820 * size, number)),
        Gen.Byte.Array[1, StoreLimits.MaxKeyBytes]);

    private static readonly Gen<byte[]> Values = Gen.Select(
        Gen.Frequency((3, Gen.Int[0, 200]), (2, Gen.Int[0, Record.InlineBytesMax + 100]), (1, Gen.Int[Record.InlineBytesMax, 30_000])),
        Gen.Int[0, 10]).Select(StoreDriver.Value);

    private static readonly Gen<(Kind Kind, byte[] Key, byte[] Value)[]> Histories = Gen.Select(
        Gen.Frequency(
            (6, Gen.Const(Kind.Set)),
            (2, Gen.Const(Kind.Put)),
            (5, Gen.Const(Kind.Delete)),
            (2, Gen.Const(Kind.Get)),
            (1, Gen.Const(Kind.BeginSnapshot)),
            (4, Gen.Const(Kind.Fill))),
        Keys,
        Values).Array[0, 400];

    [Fact]
    public void Any_history_does_what_a_sorted_dictionary_does() => Histories.Sample(
        history =>
        {
            using var store = new KeyValueStore();
            using var restored = new KeyValueStore();
            Run(history, store, restored);
            store.Dispose();
            restored.Dispose();
            Assert.Equal(0, store.NativeBytes);
            Assert.Equal(0, restored.NativeBytes);
        },
        iter: 400);

    [Fact]
    public void A_slot_with_a_hundred_thousand_keys_behaves_as_a_small_one()
    {
        using var store = new KeyValueStore();
        var model = new ModelStore();
        var random = new Random(1);
        for (int i = 0; i < 300_000; i++)
        {
            byte[] key = Key("{one tag}", 0, random.Next(150_000));
            store.Expect([key, default, Key("{one tag}", 0, random.Next(150_000))]);
            if (random.Next(3) > 0)
            {
                byte[] value = new byte[random.Next(60)];
                Assert.Equal(model.Set(key, value), store.Set(key, value));
            }
            else Assert.Equal(model.Delete(key), store.Delete(key));
        }

        Assert.InRange(store.KeyCount, 80_000, 150_000);
        model.AssertEquals(store);
        model.AssertEquals(store.BeginSnapshot().Drain());
    }

    private static void Run((Kind Kind, byte[] Key, byte[] Value)[] history, KeyValueStore store, KeyValueStore restored)
    {
        var model = new ModelStore();
        SnapshotCapture? capture = null;
        ModelStore? atBegin = null;
        var chunks = new List<byte[]>();
        byte[] buffer = new byte[SnapshotCapture.MinChunkBytes];
        for (int i = 0; i < history.Length; i++)
        {
            // Told what comes next, right or wrong, it does the same.
            if (i % KeyValueStore.MaxExpected == 0)
                store.Expect(history.Skip(i).Take(KeyValueStore.MaxExpected).Select(next => (ReadOnlyMemory<byte>)next.Key).ToArray());
            (Kind kind, byte[] key, byte[] value) = history[i];
            switch (kind)
            {
                case Kind.Set:
                    Assert.Equal(model.Set(key, value), store.Set(key, value));
                    break;
                case Kind.Put:
                    Assert.Equal(model.Set(key, value), store.Put(key, value));
                    break;
                case Kind.Delete:
                    Assert.Equal(model.Delete(key), store.Delete(key));
                    break;
                case Kind.Get:
                    Assert.Equal(model.Records.TryGetValue(key, out (ulong, byte[] Value) record) ? record.Value : null, store.Get(key));
                    break;
                case Kind.BeginSnapshot when capture is null:
                    capture = store.BeginSnapshot();
                    atBegin = model.Copy();
                    chunks.Clear();
                    break;
                case Kind.Fill when capture is not null:
                    int length = capture.Fill(buffer);
                    if (length > 0) chunks.Add(buffer[..length]);
                    break;
            }
        }

        model.AssertEquals(store);
        if (capture is null) return;

        chunks.AddRange(capture.Drain(buffer.Length));
        atBegin!.AssertEquals(chunks);
        restored.Restore(capture.Head, chunks);
        atBegin.AssertEquals(restored);
        Assert.Equal(capture.Head.Checksum, restored.Checksum);
        Assert.Equal(capture.Head.AppliedIndex, restored.AppliedIndex);
    }

    private static byte[] Key(string prefix, int filling, int number) =>
        System.Text.Encoding.Latin1.GetBytes($"{prefix}{new string('f', filling)}{number}");
}
