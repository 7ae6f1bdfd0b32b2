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
    private const int Pumps = 100;

    private readonly KeyValueStore store = new();
    private readonly SnapshotTaker taker;
    private long? written;

    public SnapshotPaceTests()
    {
        for (int n = 0; n < Records; n++) Set(n);
        var folder = new SnapshotFolder(new SimulatedFileSystem(new Random(1)), "/snapshots", new ShardId(1));
        taker = new SnapshotTaker(folder, new AtOnce(), static done => done()) { Taken = (_, bytes) => written = bytes };
    }

    [Fact]
    public void Without_a_tick_or_a_write_it_rests_and_its_ticks_set_its_pace()
    {
        Begin(isUrgent: false);
        PumpOften();
        Assert.Null(written);

        int ticks = TicksUntilWritten();
        Assert.InRange(written!.Value / ticks, 200_000, 300_000); // 25 MB a second
    }

    [Fact]
    public void It_goes_faster_where_more_is_written()
    {
        Begin(isUrgent: false);
        int entries = 0;
        for (; written is null && entries < Records; entries++)
        {
            taker.Applied(ValueBytes);
            taker.Pump(isLeader: true);
        }

        Assert.InRange(entries, Records / 5, Records / 3); // four bytes for each
    }

    [Fact]
    public void A_large_one_is_through_in_five_seconds()
    {
        Begin(isUrgent: false, expectedBytes: 100L * Records * ValueBytes);
        Assert.InRange(TicksUntilWritten(), 5, 6); // this is a hundredth of it
    }

    [Fact]
    public void It_does_not_rest_when_it_is_to_make_room()
    {
        Begin(isUrgent: true);
        PumpOften();
        Assert.NotNull(written);
    }

    [Fact]
    public void What_the_disk_was_too_busy_for_is_not_made_up_for_at_once()
    {
        Begin(isUrgent: false);
        taker.Tick(1_000_000);
        PumpOften();
        Assert.Null(written);
        Assert.True(TicksUntilWritten() > 20);
    }

    public void Dispose() => store.Dispose();

    private void Set(int n) =>
        store.Apply(store.AppliedIndex + 1, Command.EncodeSet(Encoding.UTF8.GetBytes(n.ToString(CultureInfo.InvariantCulture)), new byte[ValueBytes]));

    private void Begin(bool isUrgent, long expectedBytes = Records * ValueBytes) =>
        taker.Begin(store, new SnapshotMark(store.AppliedIndex, 1, Configuration.Empty), 0, expectedBytes, isUrgent);

    private void PumpOften()
    {
        for (int i = 0; i < Pumps; i++) taker.Pump(isLeader: true);
    }

    private int TicksUntilWritten()
    {
        for (int ticks = 1; ; ticks++)
        {
            taker.Tick(1);
            taker.Pump(isLeader: true);
            if (written is not null) return ticks;
            Assert.True(ticks < Records, "it never ends");
        }
    }

    private sealed class AtOnce : IBackground
    {
        public void Run(Action work) => work();
    }
}
