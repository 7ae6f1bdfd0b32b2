using System.Globalization;
using System.Text.Json;
using Gache.Tool.Operate.Api;
using Gache.Tool.Operate.View;
using Gache.Tool.Operate.Words;
using Gache.Tool.Terminals;
using Spectre.Console;

namespace Gache.Tool.Operate.Act;

/// <summary>Waits until a new member votes, then has the old one removed: a line drawn anew on a terminal, one JSON line a second elsewhere.</summary>
internal sealed class ReplaceProgress(ClusterClient asked, Terminal terminal, TimeProvider clock, Replacement goal)
{
    private static readonly TimeSpan LineInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ScreenInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>How long it may stand still: nobody answers, the new member is not listed or not heard, the removal is refused for now.</summary>
    /// <remarks>Catching up has no bound: a snapshot takes as long as it takes, and nothing tells how much of it is through.</remarks>
    private static readonly TimeSpan StandstillBound = TimeSpan.FromSeconds(30);

    private const string Again = "; nothing is lost, and the same line typed again goes on";

    private readonly ShardSight sight = new(asked.At, goal.Shard, goal.Staying);

    /// <summary>Looks again and again.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> FollowAsync(CancellationToken end)
    {
        try
        {
            (ReplaceJson last, Reply? refused) = terminal.IsScreen
                ? await DrawAsync(end).ConfigureAwait(false)
                : await LoopAsync(LineInterval, WriteLine, end).ConfigureAwait(false);
            if (last.State != States.Replaced) return terminal.Refuse(refused?.ExitCode ?? ExitCode.Failed, $"{goal.OldName} is not replaced yet: {last.Waits}{Again}");
            if (terminal.IsScreen) terminal.Output.WriteLine(Printable.Line($"done: {goal.Address} votes, and {goal.OldName} is no member any more"));
            return ExitCode.Done;
        }
        catch (OperationCanceledException)
        {
            return terminal.Refuse(ExitCode.Failed, $"not followed any longer: {goal.OldName} is removed only by this command{Again}");
        }
    }

    /// <summary>Goes on until it is done, refused for good, or stands still for too long.</summary>
    private async Task<(ReplaceJson Last, Reply? Refused)> LoopAsync(TimeSpan interval, Action<ReplaceJson> show, CancellationToken end)
    {
        long moved = clock.GetTimestamp(); // when it last went on
        while (true)
        {
            (ReplaceJson seen, Reply? refused) = await StepAsync(end).ConfigureAwait(false);
            if (seen.Waits is null) moved = clock.GetTimestamp();
            show(seen);
            if (seen.State == States.Replaced || refused is { IsForNow: false } || clock.GetElapsedTime(moved) > StandstillBound) return (seen, refused);
            await Task.Delay(interval, clock, end).ConfigureAwait(false);
        }
    }

    /// <summary>Looks, and does what can be done.</summary>
    /// <returns>What was seen, and why not more was done if the cluster refused something.</returns>
    private async Task<(ReplaceJson Seen, Reply? Refused)> StepAsync(CancellationToken end)
    {
        (ShardJson? shard, Reply last) = await sight.LookAsync(end).ConfigureAwait(false);
        if (shard is null) return (new ReplaceJson(States.Joining, null, null, null, WhyBlind(last)), last.IsSuccess ? null : last);
        if (goal.NewIn(shard) is not { } fresh)
            return (new ReplaceJson(States.Joining, null, null, null, $"no new member at {goal.Address} is listed in shard {ClusterView.Name(shard)}"), null);
        string? waits = shard.Leader.Length == 0 ? $"shard {ClusterView.Name(shard)} has no leader now" : Unheard(fresh);
        if (!MemberWords.IsVoter(fresh)) return (Seen(States.CatchingUp, fresh, waits), null);
        if (!goal.IsOldIn(shard)) return (Seen(States.Replaced, fresh, null), null);
        if (waits is not null) return (Seen(States.Removing, fresh, waits), null);

        Reply reply = await sight.SendAsync(goal.Removal, end).ConfigureAwait(false);
        return reply.IsSuccess ? (Seen(States.Replaced, fresh, null), null) : (Seen(States.Removing, fresh, reply.Words), reply);
    }

    private string WhyBlind(Reply last) => last.IsSuccess ? $"{last.From} shows no shard {ClusterView.Short(goal.Shard)} with members" : last.Words;

    private static ReplaceJson Seen(string state, MemberJson fresh, string? waits) => new(state, fresh.Id, fresh.Lag, fresh.Reachable, waits);

    private static string? Unheard(MemberJson fresh) => fresh.Reachable is false
        ? $"the new member {ClusterView.Name(fresh)} is not heard: it must run, and have been started with --raft-join of a member that is alive"
        : null;

    private void WriteLine(ReplaceJson seen) => terminal.Output.WriteLine(JsonSerializer.Serialize(seen, Wire.Default.ReplaceJson));

    private Task<(ReplaceJson Last, Reply? Refused)> DrawAsync(CancellationToken end) => Screen.Of(terminal).Status().StartAsync(
        "looking", line => LoopAsync(ScreenInterval, seen => line.Status = Markup.Escape(Printable.Line(Line(seen))), end));

    private static string Line(ReplaceJson seen)
    {
        string member = seen.Member is { } id ? $" {ClusterView.Short(id)}" : "";
        string lag = seen.Lag is > 0 and { } entries ? string.Create(CultureInfo.InvariantCulture, $", behind by {entries}") : "";
        return $"{seen.State}{member}{lag}{(seen.Waits is { } why ? $": {why}" : "")}";
    }

    private static class States
    {
        public const string Joining = "joining";
        public const string CatchingUp = "catching-up";
        public const string Removing = "removing";
        public const string Replaced = "replaced";
    }
}
