using System.Text.Json;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;
using Gache.Tool.Terminals;
using Spectre.Console;

namespace Gache.Tool.Operate.Act;

/// <summary>Follows slots until each is where it is to be: a bar on a terminal, one JSON line a second elsewhere.</summary>
internal sealed class MoveProgress(ClusterClient client, Terminal terminal, TimeProvider clock, IReadOnlyDictionary<int, string> goal)
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan BarInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long a node may be silent: it is perhaps started anew.</summary>
    private static readonly TimeSpan SilenceBound = TimeSpan.FromSeconds(30);

    /// <summary>How long no move may be under way while slots are not where they are to be: what nodes know of others is a moment old.</summary>
    private static readonly TimeSpan SettleBound = TimeSpan.FromSeconds(10);

    /// <summary>Looks again and again.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> FollowAsync(CancellationToken end)
    {
        try
        {
            return terminal.IsScreen
                ? await DrawAsync(end).ConfigureAwait(false)
                : await LoopAsync(LineInterval, WriteLine, end).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return terminal.Refuse(ExitCode.Failed, "not followed any longer; the moves go on in the cluster: ./gache cluster show tells");
        }
    }

    private async Task<int> LoopAsync(TimeSpan interval, Action<ProgressJson> show, CancellationToken end)
    {
        long answered = clock.GetTimestamp();
        long moving = answered; // when a move was last under way, or nobody could tell
        while (true)
        {
            (ProgressJson? seen, bool isMoving, Reply reply) = await LookAsync(end).ConfigureAwait(false);
            long now = clock.GetTimestamp();
            if (isMoving || seen is null) moving = now;
            if (seen is not null)
            {
                answered = now;
                show(seen);
                if (seen.Left == 0) return ExitCode.Done;
                if (clock.GetElapsedTime(moving) > SettleBound) return RefuseStanding(seen.Left);
            }
            else if (!reply.IsForNow || clock.GetElapsedTime(answered) > SilenceBound)
            {
                return RefuseBlind(reply);
            }

            await Task.Delay(interval, clock, end).ConfigureAwait(false);
        }
    }

    private int RefuseStanding(int left) => terminal.Refuse(
        ExitCode.Failed, $"{left} slots have not moved, and no move is under way: it was aborted, or the shards refused it; ./gache cluster show tells");

    private int RefuseBlind(Reply reply) => terminal.Refuse(
        reply.IsSuccess ? ExitCode.Failed : reply.ExitCode,
        $"the moves go on, but cannot be followed: {(reply.IsSuccess ? $"{client.At} does not answer as gache does" : reply.Words)}");

    /// <summary>What is true now: ownership as the cluster tells it, and the states of what is under way.</summary>
    private async Task<(ProgressJson? Seen, bool IsMoving, Reply Reply)> LookAsync(CancellationToken end)
    {
        Reply moves = await client.GetAsync("/cluster/moves", end).ConfigureAwait(false);
        if (!moves.IsSuccess || moves.Read(Wire.Default.MovesJson) is not { } under) return (null, false, moves);
        Reply cluster = await client.GetAsync("/cluster", end).ConfigureAwait(false);
        if (!cluster.IsSuccess || cluster.Read(Wire.Default.ShardJsonArray) is not { } shards) return (null, false, cluster);

        ShardJson?[] owners = new ClusterView(shards).Owners();
        MoveJson[] ours = [.. under.Moves.Where(move => goal.ContainsKey(move.Slot))];
        int left = goal.Count(pair => owners[pair.Key]?.Shard != pair.Value);
        var states = new SortedDictionary<string, int>(ours.CountBy(move => move.State).ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
        // Moves that are not listed may be ours.
        return (new ProgressJson(goal.Count, goal.Count - left, left, states), ours.Length > 0 || under.Left > under.Moves.Length, cluster);
    }

    private void WriteLine(ProgressJson seen) => terminal.Output.WriteLine(JsonSerializer.Serialize(seen, Wire.Default.ProgressJson));

    private Task<int> DrawAsync(CancellationToken end) => Screen.Of(terminal).Progress().StartAsync(bar =>
    {
        ProgressTask task = bar.AddTask($"moving {goal.Count} slots", maxValue: goal.Count);
        return LoopAsync(BarInterval, seen => task.Value = seen.Moved, end);
    });
}
