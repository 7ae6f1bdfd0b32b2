using System.ComponentModel;
using System.Globalization;
using Gache.Tool.Terminals;

namespace Gache.Tool.Locking;

/// <summary>Takes a lock, runs a command under it, keeps the lock while it runs, and ends the command before the lock can be another's.</summary>
/// <remarks>
/// The lease ends, as this process counts, a time to live after the last renewal that was acknowledged <em>was sent</em>: the store counts from a later
/// moment, so it gives the lock to nobody sooner. A process that is paused cannot end anything: what the command does to the world should carry the
/// fencing token.
/// </remarks>
internal sealed class LockRun(LockOptions options, Terminal terminal)
{
    /// <summary>Where the command finds its token.</summary>
    public const string TokenVariable = "GACHE_FENCING_TOKEN";

    private static readonly TimeSpan RetryRenewal = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan ToSettle = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan ToGiveBack = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(5); // what the kernel may take after SIGKILL
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Glance = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestRenewal = TimeSpan.FromSeconds(2); // then another node is asked

    private TimeSpan leaseEnd;

    /// <summary>The whole life of it.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> RunAsync()
    {
        if (ProcessGroup.Find(options.Command[0]) is not { } path) return terminal.Refuse(ExitCode.NotFound, $"{options.Command[0]}: there is no such command");
        if (!ProcessGroup.MayRun(path)) return terminal.Refuse(ExitCode.CannotRun, $"{options.Command[0]}: not a program");
        using var client = new LockClient(options);
        using var signals = new PassedSignals();
        (ulong token, int code) = await TakeAsync(client, signals).ConfigureAwait(false);
        if (token == 0) return code;
        ProcessGroup command;
        try
        {
            command = ProcessGroup.Start(options.Command, TokenVariable, token.ToString(CultureInfo.InvariantCulture));
        }
        catch (Win32Exception failure)
        {
            await GiveBackAsync(client, token).ConfigureAwait(false);
            return terminal.Refuse(ExitCode.CannotRun, $"{options.Command[0]}: {failure.Message}");
        }

        using (command)
        {
            signals.PassOnTo(command);
            int end = await KeepAsync(client, command, token).ConfigureAwait(false);
            signals.PassOnToNobody();
            if (command.Ended.IsCompleted) await GiveBackAsync(client, token).ConfigureAwait(false);
            else terminal.Errors.WriteLine($"gache: the command could not be ended, so the lock '{options.Name}' is left to its time to live");
            return end;
        }
    }

    private async Task<(ulong Token, int Code)> TakeAsync(LockClient client, PassedSignals signals)
    {
        TimeSpan until = LeaseClock.Now + options.Wait;
        bool mayStand = false; // an earlier request with this id may have got the lock
        string id = NewId();
        TimeSpan firstSent = LeaseClock.Now;
        while (true)
        {
            TimeSpan left = Left(until);
            LockAnswer answer = await client.TakeAsync(id, left, signals.Came).ConfigureAwait(false);
            if (answer.Verdict == LockVerdict.Done && answer.Token == 0) answer = answer with { Verdict = LockVerdict.Refused, Words = "what answers is not gache: it tells no revision" };
            if (answer.Verdict == LockVerdict.Done)
            {
                leaseEnd = firstSent + options.Ttl;
                if (signals.Which == 0 && await IsFreshAsync(client, answer.Token).ConfigureAwait(false)) return (answer.Token, 0);
                if (signals.Which != 0)
                {
                    await GiveBackAsync(client, answer.Token).ConfigureAwait(false);
                    return (0, 128 + signals.Which);
                }

                // Waited for, or told again, and over by now: it was ours, and is not.
                (id, firstSent, mayStand) = (NewId(), LeaseClock.Now, false);
                continue;
            }

            mayStand |= answer.Verdict == LockVerdict.Unknown;
            bool isOver = signals.Which != 0 || Left(until) <= Least;
            if (answer.Verdict == LockVerdict.Declined && !isOver)
            {
                (id, firstSent, mayStand) = (NewId(), LeaseClock.Now, false); // one request waits five minutes at most
                continue;
            }

            if (answer.Verdict == LockVerdict.Refused && mayStand) await SettleAsync(client, id).ConfigureAwait(false);
            if (answer.Verdict == LockVerdict.Refused) return (0, terminal.Refuse(ExitCode.Failed, answer.Words));
            if (isOver)
            {
                if (mayStand && answer.Verdict != LockVerdict.Declined) await SettleAsync(client, id).ConfigureAwait(false);
                if (signals.Which != 0) return (0, 128 + signals.Which);
                return (0, answer.Verdict == LockVerdict.Declined
                    ? terminal.Refuse(ExitCode.NotHad, $"the lock '{options.Name}' was not to be had within {options.Wait.TotalSeconds:0.###} s")
                    : terminal.Refuse(ExitCode.Unreachable, answer.Words));
            }

            await PauseAsync(answer.RetryAfter < Left(until) ? answer.RetryAfter : Left(until), signals.Came).ConfigureAwait(false);
        }
    }

    /// <summary>The time to live of a lock that was waited for began somewhere in between: one renewal makes it known, or shows that it is over.</summary>
    private async Task<bool> IsFreshAsync(LockClient client, ulong token)
    {
        if (leaseEnd - LeaseClock.Now > options.Ttl - options.RenewEvery) return true;
        for (TimeSpan until = LeaseClock.Now + options.Ttl; LeaseClock.Now < until;)
        {
            LockAnswer answer = await RenewAsync(client, token, Earlier(LongestRenewal, options.RenewEvery)).ConfigureAwait(false);
            if (answer.Verdict == LockVerdict.Done) return true;
            if (answer.Verdict is LockVerdict.Declined or LockVerdict.Refused) return false;
            await PauseAsync(RetryRenewal, CancellationToken.None).ConfigureAwait(false);
        }

        return false;
    }

    /// <summary>Nobody is to be kept from the lock by a request whose answer was lost: asked once more, it tells, and what it got is given back.</summary>
    private async Task SettleAsync(LockClient client, string id)
    {
        using var patience = new CancellationTokenSource(ToSettle);
        while (!patience.IsCancellationRequested)
        {
            LockAnswer answer = await client.TakeAsync(id, TimeSpan.Zero, patience.Token).ConfigureAwait(false);
            if (answer.Verdict == LockVerdict.Done) await GiveBackAsync(client, answer.Token).ConfigureAwait(false);
            if (answer.Verdict is LockVerdict.Done or LockVerdict.Declined or LockVerdict.Refused) return;
            await PauseAsync(RetryRenewal, patience.Token).ConfigureAwait(false);
        }
    }

    private async Task<int> KeepAsync(LockClient client, ProcessGroup command, ulong token)
    {
        TimeSpan next = leaseEnd - options.Ttl + options.RenewEvery;
        Task<LockAnswer>? renewal = null;
        while (true)
        {
            if (command.Ended.IsCompleted) return command.Code;

            // First the clock, whatever this process slept through: timers do not count while the machine sleeps, so each wait is short.
            TimeSpan now = LeaseClock.Now;
            TimeSpan lastMoment = leaseEnd - options.Margin - options.Grace;
            if (now >= lastMoment) return await EndAsync(command, "it could not be renewed in time", mayHaveGrace: true).ConfigureAwait(false);
            if (renewal is null && now >= next) renewal = RenewAsync(client, token, Earlier(LongestRenewal, Earlier(options.RenewEvery, lastMoment - now)));
            Task look = Task.Delay(Earlier(Look, Earlier(lastMoment - now, renewal is null ? next - now : Look)));
            await (renewal is null ? Task.WhenAny(command.Ended, look) : Task.WhenAny(command.Ended, look, renewal)).ConfigureAwait(false);
            if (renewal is not { IsCompleted: true } || command.Ended.IsCompleted) continue;
            LockAnswer answer = await renewal.ConfigureAwait(false);
            renewal = null;
            if (answer.Verdict is LockVerdict.Declined or LockVerdict.Refused) return await EndAsync(command, answer.Words, mayHaveGrace: false).ConfigureAwait(false);
            next = answer.Verdict == LockVerdict.Done ? leaseEnd - options.Ttl + options.RenewEvery : LeaseClock.Now + RetryRenewal;
        }
    }

    private async Task<LockAnswer> RenewAsync(LockClient client, ulong token, TimeSpan within)
    {
        TimeSpan sent = LeaseClock.Now;
        LockAnswer answer = await client.RenewAsync(token, within).ConfigureAwait(false);
        if (answer.Verdict == LockVerdict.Done) leaseEnd = sent + options.Ttl;
        return answer;
    }

    /// <summary>The lock is lost, or about to be: the command must end, before the lease does where it has not; words come after deeds.</summary>
    private async Task<int> EndAsync(ProcessGroup command, string why, bool mayHaveGrace)
    {
        TimeSpan killAt = mayHaveGrace ? Earlier(LeaseClock.Now + options.Grace, leaseEnd - options.Margin) : TimeSpan.Zero;
        bool isSent = command.Send(Signal.Terminate);
        while (!command.Ended.IsCompleted && LeaseClock.Now < killAt) await Task.WhenAny(command.Ended, Task.Delay(Glance)).ConfigureAwait(false);
        isSent &= command.Send(Signal.Kill); // also what it left behind
        await Task.WhenAny(command.Ended, Task.Delay(ToEnd)).ConfigureAwait(false);
        return terminal.Refuse(
            ExitCode.LockLost, $"the lock '{options.Name}' is lost, so the command was ended{(isSent ? "" : ", as far as this user may send it signals")}: {why}");
    }

    private async Task GiveBackAsync(LockClient client, ulong token)
    {
        string id = NewId();
        for (TimeSpan until = LeaseClock.Now + ToGiveBack; LeaseClock.Now < until;)
        {
            TimeSpan left = until - LeaseClock.Now;
            LockAnswer answer = await client.GiveBackAsync(id, token, left > Least ? left : Least).ConfigureAwait(false);
            if (answer.Verdict is LockVerdict.Done or LockVerdict.Declined or LockVerdict.Refused) return; // back, or another's already
            await PauseAsync(RetryRenewal, CancellationToken.None).ConfigureAwait(false);
        }

        terminal.Errors.WriteLine($"gache: nobody could be told that the lock '{options.Name}' is free; it is in {options.Ttl.TotalSeconds:0.###} s at the latest");
    }

    private static string NewId() => Guid.NewGuid().ToString("N");

    private static TimeSpan Left(TimeSpan until) => until > LeaseClock.Now ? until - LeaseClock.Now : TimeSpan.Zero;

    private static TimeSpan Earlier(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private static Task PauseAsync(TimeSpan time, CancellationToken cancel) => Task.Delay(time, cancel).ContinueWith(
        static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
}
