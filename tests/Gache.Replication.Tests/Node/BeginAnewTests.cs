using Gache.Log;
using Gache.Primitives;
using Xunit;

namespace Gache.Replication.Tests.Node;

/// <summary>P7, P8: whoever must begin anew is never again the one that lost its data, whatever happens in between.</summary>
public sealed class BeginAnewTests
{
    private static readonly FolderIdentity Old = new(new NodeId(1), new ShardId(2), new ClusterId(3));
    private static readonly FolderJoining Joining = new(new NodeId(4), ["n2:8000"]);

    /// <summary>Power fails at each operation in turn.</summary>
    [Fact]
    public void A_crash_while_beginning_anew_leaves_the_old_member_or_the_join_and_nothing_between()
    {
        int joined = 0, stayed = 0;
        for (int operation = 1; ; operation++)
        {
            var disk = new SimulatedFileSystem(new Random(operation));
            var folder = new DataFolder(disk, "/data");
            folder.WriteIdentity(Old);
            disk.Faults.CrashAtOperation = disk.Operations + operation;
            bool isThrough = TryBeginAnew(folder);
            disk.Crash();

            var after = new DataFolder(disk, "/data");
            FolderIdentity? who = after.ReadIdentity();
            if (who is null) Assert.Equal(Joining.Node, after.ReadJoining()?.Node);
            else Assert.Equal((Old, null), (who, after.ReadJoining()));
            if (who is null) joined++;
            else stayed++;
            if (isThrough) break;
        }

        Assert.True(joined > 1 && stayed > 1, $"{joined} crashes fell after the join was durable, {stayed} before");
    }

    /// <summary>The other order of the same two files: the end of a join. Then the node is the member that it became.</summary>
    [Fact]
    public void A_crash_at_the_end_of_a_join_leaves_the_new_member()
    {
        var disk = new SimulatedFileSystem(new Random(1));
        var folder = new DataFolder(disk, "/data");
        var joined = new FolderIdentity(Joining.Node, Old.Shard, Old.Cluster);
        folder.WriteJoining(Joining);
        folder.WriteIdentity(joined);
        folder.WriteJoining(Joining); // as if its removal had been lost

        Assert.Equal(joined, folder.ReadIdentity());
    }

    private static bool TryBeginAnew(DataFolder folder)
    {
        try
        {
            folder.BeginAnew(Joining);
            return true;
        }
        catch (SimulatedCrashException)
        {
            return false;
        }
    }
}
