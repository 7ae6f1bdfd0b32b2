using Xunit;

namespace Gache.Store.Tests;

/// <summary>What the store must do, said in the plainest way: a sorted dictionary in memory.</summary>
internal sealed class ModelStore
{
    public SortedDictionary<byte[], (ulong Revision, byte[] Value)> Records { get; } = new(BySlotThenBytes.Instance);

    public ulong Revision { get; private set; }

    public ApplyResult Set(byte[] key, byte[] value)
    {
        bool existed = Records.ContainsKey(key);
        Records[key] = (++Revision, value);
        return new ApplyResult(ApplyStatus.Done, Revision, existed);
    }

    public ApplyResult Delete(byte[] key)
    {
        bool existed = Records.Remove(key);
        if (existed) Revision++;
        return new ApplyResult(ApplyStatus.Done, Revision, existed);
    }

    /// <summary>Carries out what is asked if the condition holds.</summary>
    public ApplyResult If(Condition condition, byte[] key, Func<ApplyResult> then)
    {
        bool exists = Records.TryGetValue(key, out (ulong Revision, byte[] Value) record);
        return Holds(condition, exists, record.Revision) ? then() : new ApplyResult(ApplyStatus.ConditionFailed, record.Revision, exists);
    }

    /// <summary>The contract's words, one by one.</summary>
    private static bool Holds(Condition condition, bool exists, ulong revision)
    {
        bool matches = condition switch
        {
            { MustExist: true } when !exists => false,
            { AnyOf: { } named } => exists && named.ToArray().Contains(revision),
            _ => true,
        };
        bool noneMatches = !exists || (!condition.MustNotExist && !(condition.NoneOf ?? default).ToArray().Contains(revision));
        return matches && noneMatches;
    }

    public ModelStore Copy()
    {
        var copy = new ModelStore { Revision = Revision };
        foreach ((byte[] key, (ulong, byte[]) record) in Records) copy.Records.Add(key, record);
        return copy;
    }

    /// <summary>The store holds exactly this.</summary>
    public void AssertEquals(KeyValueStore store)
    {
        Assert.Equal(Revision, store.Revision);
        Assert.Equal(Records.Count, store.KeyCount);
        foreach ((byte[] key, (ulong revision, byte[] value)) in Records)
        {
            Assert.True(store.TryGet(key, out ValueRef found));
            Assert.Equal(revision, found.Revision);
            Assert.True(found.Bytes.SequenceEqual(value));
        }
    }

    /// <summary>The snapshot's bytes hold exactly this, in this order.</summary>
    public void AssertEquals(IEnumerable<byte[]> chunks)
    {
        using var expected = Records.GetEnumerator();
        foreach ((byte[] key, ulong revision, byte[] value) in ChunkRecords.Read(chunks))
        {
            Assert.True(expected.MoveNext(), "the snapshot has more keys");
            Assert.Equal(expected.Current.Key, key);
            Assert.Equal(expected.Current.Value.Revision, revision);
            Assert.True(expected.Current.Value.Value.AsSpan().SequenceEqual(value));
        }

        Assert.False(expected.MoveNext(), "the snapshot has fewer keys");
    }

    private sealed class BySlotThenBytes : IComparer<byte[]>
    {
        public static readonly BySlotThenBytes Instance = new();

        public int Compare(byte[]? x, byte[]? y)
        {
            int bySlot = Slot.Of(x).CompareTo(Slot.Of(y));
            return bySlot != 0 ? bySlot : x.AsSpan().SequenceCompareTo(y);
        }
    }
}
