using Gache.Log;
using Gache.Primitives;
using Xunit;

namespace Gache.Replication.Tests.Node;

/// <summary>P7: a node that lost its data never votes again under its old identity, where it or a live peer can know it.</summary>
public sealed class LostDataTests
{
    private static readonly NodeId Leader = new(99);

    [Fact]
    public async Task A_member_that_was_told_that_it_lost_data_is_still_silent_after_a_restart()
    {
        var disk = new SimulatedFileSystem(new Random(1));
        await using (var run = new LoneNode(disk))
        {
            run.Node.Start();
            await LoneNode.UntilAsync("it has joined", () => run.Node.Replica is not null);
            run.Node.MessageArrived(
                new LostDataNotice { To = run.Node.Status.Node, From = Leader, Term = 5, IsRemoved = false, ApiAddresses = ["n2:8000"] }, Leader, 1);
            await LoneNode.UntilAsync("it is silent", () => !run.Node.Status.MayServe);
        }

        await using var again = new LoneNode(disk);
        again.Node.Start();

        Assert.False(again.Node.Status.MayServe);
        Assert.Contains("lost data", again.Node.Status.Alarms[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_member_whose_log_is_gone_does_not_start(bool isSnapshotsGone)
    {
        var disk = new SimulatedFileSystem(new Random(1));
        await using (var run = new LoneNode(disk))
        {
            run.Node.Start();
            await LoneNode.UntilAsync("it has joined", () => run.Node.Replica is not null);
        }

        var folder = new DataFolder(disk, "/data");
        NodeId node = folder.ReadIdentity()!.Node;
        foreach (string gone in isSnapshotsGone ? (string[])[folder.LogOf(node), folder.SnapshotsOf(node)] : [folder.LogOf(node)])
            foreach (string file in disk.List(gone).ToArray()) disk.Delete(Path.Combine(gone, Path.GetFileName(file)));

        await using var again = new LoneNode(disk);
        LogDamagedException refused = Assert.Throws<LogDamagedException>(again.Node.Start);

        Assert.Contains($"this is node {node} of shard {LoneNode.Shard}, and its log is not there", refused.Message, StringComparison.Ordinal);
    }
}
