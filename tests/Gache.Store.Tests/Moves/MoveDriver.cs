using Gache.Primitives;
using Xunit;

namespace Gache.Store.Tests;

/// <summary>The two ends of a move, and the steps of a mover, one by one.</summary>
internal sealed class MoveDriver : IDisposable
{
    public const int Number = 777;

    public static readonly ShardId SourceShard = new(0xA);
    public static readonly ShardId TargetShard = new(0xB);

    public MoveDriver(bool targetOwnsNothing = true)
    {
        Apply(Source, new SlotsCommand(CommandKind.Found, default, true, SlotSet.All).Encode());
        if (targetOwnsNothing) Apply(Target, new SlotsCommand(CommandKind.Found, default, false, new SlotSet()).Encode());
    }

    public KeyValueStore Source { get; } = new();

    public KeyValueStore Target { get; } = new();

    /// <summary>A key of the slot that is moved.</summary>
    public static byte[] Key(int number)
    {
        // "{tag}" fixes the slot; the tag is searched once.
        return System.Text.Encoding.UTF8.GetBytes($"{{{Tag}}}{number}");
    }

    private static readonly string Tag = Enumerable.Range(0, int.MaxValue).Select(i => $"t{i}").First(t => Slot.Of(System.Text.Encoding.UTF8.GetBytes(t)) == Number);

    public static bool Apply(KeyValueStore store, byte[] command) => store.Apply(store.AppliedIndex + 1, command).Status == ApplyStatus.Done;

    public bool Leave() => Apply(Source, new SlotsCommand(CommandKind.Leave, TargetShard, false, SlotSet.Of(Number, Number)).Encode());

    public bool BeginImport(ulong epoch, ulong stream = 1) => Apply(Target, new SlotCommand(CommandKind.BeginImport, Number, epoch, SourceShard, stream).Encode());

    public bool Import(ulong epoch, ulong stream, ulong chunk, byte[] records) =>
        Apply(Target, new SlotCommand(CommandKind.Import, Number, epoch, SourceShard, stream, chunk).Encode(records));

    public bool Hand(ulong epoch) => Apply(Source, new SlotCommand(CommandKind.Hand, Number, epoch, TargetShard).Encode());

    public bool TakeOver(ulong epoch, ulong stream = 1) => Apply(
        Target, new SlotCommand(CommandKind.TakeOver, Number, epoch, SourceShard, stream, Source.Revision, Source.SlotChecksum(Number), Source.SlotTime(Number)).Encode());

    public static bool Release(KeyValueStore store, ulong epoch, int most = 100, ulong stream = 0) =>
        Apply(store, new SlotCommand(CommandKind.Release, Number, epoch, default, stream, (ulong)most).Encode());

    /// <summary>The state as it is after its own snapshot was loaded.</summary>
    public static KeyValueStore ThroughSnapshot(KeyValueStore store)
    {
        SnapshotCapture capture = store.BeginSnapshot();
        var writer = new ByteWriter();
        capture.Head.WriteTo(writer);
        var reader = new ByteReader(writer.Written);
        var loaded = new KeyValueStore();
        loaded.Restore(SnapshotHead.ReadFrom(ref reader), capture.Drain());
        Assert.Equal(store.Checksum, loaded.Checksum);
        return loaded;
    }

    /// <summary>Sends all that the export gives until it is caught up.</summary>
    public ulong Stream(SlotExport export, ulong epoch, ulong stream, ulong chunk, int maxBytes = 4_096)
    {
        while (!export.IsCaughtUp)
        {
            byte[] records = export.Next(maxBytes);
            if (records.Length > 0 && !Import(epoch, stream, chunk++, records)) throw new InvalidOperationException("a chunk was refused");
        }

        return chunk;
    }

    public void Dispose()
    {
        Source.Dispose();
        Target.Dispose();
    }
}
