using CsCheck;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>After any changes the blocks are well formed, and a walk may begin behind any key.</summary>
public sealed class ForestAgainstModelTests
{
    // Lengths that make blocks of two records and of two hundred, in the same tree.
    private static readonly Gen<byte[]> Keys = Gen.Select(Gen.OneOf(Gen.Int[1, 8], Gen.Int[1, 300], Gen.Int[1_500, 2_046]), Gen.Byte[0, 2], Gen.Byte)
        .Select((length, filling, last) =>
        {
            byte[] key = new byte[length + 1];
            key.AsSpan(0, length).Fill(filling);
            key[length] = last;
            return key;
        });

    private static readonly Gen<(bool IsRemoval, byte[] Key, int ValueBytes)[]> Changes =
        Gen.Select(Gen.Int[0, 9], Keys, Gen.OneOf(Gen.Int[0, 40], Gen.Int[0, Record.InlineBytesMax]))
            .Select((kind, key, valueBytes) => (kind < 4, key, Math.Min(valueBytes, Record.InlineBytesMax - key.Length)))
            .Array[0, 600];

    [Fact]
    public void Blocks_stay_well_formed_under_any_changes() => Changes.Sample(
        changes =>
        {
            var ledger = new NativeLedger();
            var forest = new BlockForest(ledger);
            var model = new SortedDictionary<byte[], int>(Comparer<byte[]>.Create((x, y) => x.AsSpan().SequenceCompareTo(y)));
            for (int i = 0; i < changes.Length; i++)
            {
                Change(forest, model, changes[i]);
                if (i % 50 == 0) ForestStructure.Check(forest);
            }

            ForestStructure.Check(forest);
            CheckWalks(forest, [.. model]);
            while (model.Count > 0) Change(forest, model, (true, model.Keys.ElementAt(model.Count / 2), 0));
            Assert.Equal(0, forest.UsedBytes);
            forest.Clear();
            Assert.Equal(0, ledger.SlabBytes);
        },
        iter: 300);

    private static void Change(BlockForest forest, SortedDictionary<byte[], int> model, (bool IsRemoval, byte[] Key, int ValueBytes) change)
    {
        var path = default(BlockPath);
        forest.Seek(0, change.Key, ref path);
        Assert.Equal(model.ContainsKey(change.Key), path.IsFound);
        if (!change.IsRemoval)
        {
            forest.Put(ref path, new RecordDraft(change.Key, 0, 1, new byte[change.ValueBytes]));
            model[change.Key] = change.ValueBytes;
        }
        else if (path.IsFound)
        {
            forest.Remove(ref path);
            model.Remove(change.Key);
        }

        forest.Settle();
    }

    private static void CheckWalks(BlockForest forest, KeyValuePair<byte[], int>[] model)
    {
        var cursor = default(BlockCursor);
        for (int from = -1; from < model.Length; from++)
        {
            cursor.SeekBehind(forest, 0, from < 0 ? [] : model[from].Key);
            for (int i = from + 1; i < Math.Min(model.Length, from + 20); i++)
            {
                Assert.True(cursor.Record.Key.SequenceEqual(model[i].Key));
                Assert.Equal(model[i].Value, cursor.Record.Tail.Length);
                cursor.MoveNext();
            }

            if (from + 20 > model.Length) Assert.True(cursor.IsAtEnd);
        }

        // Behind a key that is not there: the next one that is.
        foreach ((byte[] key, _) in model.Skip(1))
        {
            byte[] before = key[..^1];
            int expected = Array.FindIndex(model, record => record.Key.AsSpan().SequenceCompareTo(before) > 0);
            cursor.SeekBehind(forest, 0, before);
            Assert.True(cursor.Record.Key.SequenceEqual(model[expected].Key));
        }
    }
}
