using System.Globalization;
using System.Text;
using Gache.Log;
using Gache.Primitives;
using Gache.Raft;
using Gache.Store;
using Xunit;

namespace Gache.Replication.Tests.Replicas;

/// <summary>A snapshot shares disk and processors with writes: it goes on by ticks and by what is written, not as fast as it could.</summary>
public sealed class SnapshotPaceTests : IDisposable
{
    private const int Records = 1_000;
    private const int ValueBytes = 8_000; // of all: 8 MB
    private const int Pumps = 1_000;
    private const int LargeRecordsMax = 8; // of the largest: together with their heads they are as much as the memory for old records

    private readonly KeyValueStore store = new();
    private readonly SnapshotTaker taker;
    private long? written;

    public SnapshotPaceTests()
    {
        for (int n = 0; n < Records; n++) Set(store, n, ValueBytes);
        var folder = new SnapshotFolder(new SimulatedFileSystem(new Random(1)), "/snapshots", new ShardId(1));
        taker = new SnapshotTaker(folder, new AtOnce(), static done => done()) { Taken = (_, bytes) => written = bytes };
    }

    [Fact]
    public void Without_a_tick_or_a_write_it_rests_and_its_ticks_set_its_pace()
    {
        Begin();
        PumpOften();
        Assert.Null(written);

        int ticks = TicksUntilWritten();
        Assert.InRange(written!.Value / ticks, 200_000, 300_000); // 25 MB a second
    }

    [Fact]
    public void It_goes_faster_where_more_is_written()
    {
        Begin();
        int entries = 0;
        for (; written is null && entries < Records; entries++)
        {
            taker.Applied(ValueBytes);
            taker.Pump(isLeader: true, isUrgent: false);
        }

        Assert.InRange(entries, Records / 5, Records / 3); // four bytes for each
    }

    [Fact]
    public void It_goes_faster_also_where_much_is_written_at_once()
    {
        Begin();
        for (int entry = 0; entry < Records / 3; entry++) taker.Applied(ValueBytes); // one batch of large values, more than a step's pumps write
        PumpOften();
        Assert.NotNull(written);
    }

    /// <summary>A quarter of the memory for old records is taken; what is above that goes at once.</summary>
    [Fact]
    public void It_does_not_rest_while_much_changes_before_its_turn()
    {
        using KeyValueStore large = Large(LargeRecordsMax);
        Begin(large);
        for (int n = 0; n < LargeRecordsMax - 1; n++) SetLarge(large, n);
        PumpOften();
        Assert.Null(written);
        Assert.InRange(TicksUntilWritten(), 1, 90); // the last 16 MiB or little more; of all 56 it would be 224
    }

    [Fact]
    public void After_one_that_was_given_up_as_too_much_changed_the_next_does_not_rest()
    {
        using KeyValueStore large = Large(LargeRecordsMax + 1);
        Begin(large);
        for (int n = 0; n < LargeRecordsMax + 1; n++) SetLarge(large, n);
        taker.Pump(isLeader: false, isUrgent: false);
        Assert.False(taker.IsBusy);

        Begin(large);
        PumpOften();
        Assert.NotNull(written);

        written = null;
        Begin();
        PumpOften();
        Assert.Null(written); // all is well again
    }

    [Fact]
    public void A_large_one_is_through_in_five_seconds()
    {
        Begin(expectedBytes: 100L * Records * ValueBytes);
        Assert.InRange(TicksUntilWritten(), 5, 6); // this is a hundredth of it
    }

    [Fact]
    public void It_does_not_rest_from_when_it_is_to_make_room()
    {
        Begin();
        PumpOften();
        Assert.Null(written);

        PumpOften(isUrgent: true); // the disk became full meanwhile
        Assert.NotNull(written);
    }

    [Fact]
    public void What_the_disk_was_too_busy_for_is_not_made_up_for_at_once()
    {
        Begin();
        taker.Tick(1_000_000);
        PumpOften();
        Assert.Null(written);
        Assert.True(TicksUntilWritten() > 20);
    }

    public void Dispose() => store.Dispose();

    private static void Set(KeyValueStore to, int n, int valueBytes) =>
        to.Apply(to.AppliedIndex + 1, Command.EncodeSet(Encoding.UTF8.GetBytes(n.ToString(CultureInfo.InvariantCulture)), new byte[valueBytes]));

    private static KeyValueStore Large(int records)
    {
        var large = new KeyValueStore();
        for (int n = 0; n < records; n++) SetLarge(large, n);
        return large;
    }

    private static void SetLarge(KeyValueStore large, int n) => Set(large, n, StoreLimits.MaxValueBytes);

    private void Begin(long expectedBytes = Records * ValueBytes) => Begin(store, expectedBytes);

    private void Begin(KeyValueStore of, long expectedBytes = 0) =>
        taker.Begin(of, new SnapshotMark(of.AppliedIndex, 1, Configuration.Empty), 0, expectedBytes);

    private void PumpOften(bool isUrgent = false)
    {
        for (int i = 0; i < Pumps; i++) taker.Pump(isLeader: true, isUrgent);
    }

    private int TicksUntilWritten()
    {
        for (int ticks = 1; ; ticks++)
        {
            taker.Tick(1);
            taker.Pump(isLeader: true, isUrgent: false);
            if (written is not null) return ticks;
            Assert.True(ticks < Records, "it never ends");
        }
    }

    private sealed class AtOnce : IBackground
    {
        public void Run(Action work) => work();
    }
}
