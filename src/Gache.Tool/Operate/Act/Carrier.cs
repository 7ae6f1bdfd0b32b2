using System.Text;
using Gache.Tool.Operate.Api;
using Gache.Tool.Terminals;

namespace Gache.Tool.Operate.Act;

/// <summary>Explains an intention, asks for consent, carries it out, and follows it to its end.</summary>
/// <param name="terminal">Where that is told and asked.</param>
/// <param name="clock">For progress.</param>
internal sealed class Carrier(Terminal terminal, TimeProvider clock)
{
    /// <summary>Carries out a plan.</summary>
    /// <param name="client">Asks the node that was named.</param>
    /// <param name="plan">What the word made of the cluster.</param>
    /// <param name="isDryRun">Explain only.</param>
    /// <param name="isAgreed">The person said <c>--yes</c>.</param>
    /// <returns>The exit code.</returns>
    public async Task<int> CarryOutAsync(ClusterClient client, Plan plan, bool isDryRun, bool isAgreed)
    {
        if (plan.IsRefused) return terminal.Refuse(ExitCode.Failed, plan.Words);
        if (plan.Intention is not { } intention)
        {
            terminal.Output.WriteLine(Printable.Line(plan.Words));
            return ExitCode.Done;
        }

        using ClusterClient? other = intention.At is { } at && at != client.At ? new ClusterClient(at) : null;
        ClusterClient target = other ?? client;
        Explain(intention);
        if (isDryRun)
        {
            foreach (Request request in intention.Requests) terminal.Output.WriteLine($"would send: {Curl(target, request)}");
            if (intention.Removal is { } removal) terminal.Output.WriteLine($"would send: {Curl(target, removal.Request)}");
            if (intention.Replacement is { } replacement) terminal.Output.WriteLine($"would send, when the new member votes: {Curl(target, replacement.Removal)}");
            return ExitCode.Done;
        }

        if (!isAgreed && AskConsent() is { } code) return code;
        using var signals = new StopSignals();
        (Reply? last, int? failed) = await SendAsync(target, intention, signals.End).ConfigureAwait(false);
        return failed ?? await FollowAsync(client, intention, last, signals.End).ConfigureAwait(false);
    }

    private static string Curl(ClusterClient target, Request request) => $"curl -L -X {request.Method} {target.At}{request.Path} -d '{Encoding.UTF8.GetString(request.Body)}'";

    private void Explain(Intention intention)
    {
        foreach (string line in intention.Does) terminal.Output.WriteLine(Printable.Line(line));
        foreach (string line in intention.Needs) terminal.Output.WriteLine(Printable.Line($"needs: {line}"));
    }

    private int? AskConsent()
    {
        if (!terminal.CanAsk) return terminal.Refuse(ExitCode.Usage, "nothing was done: where nobody can be asked it takes --yes");
        terminal.Output.Write("go on? [y/N] ");
        if (terminal.Input.ReadLine()?.Trim() is "y" or "Y" or "yes") return null;
        terminal.Output.WriteLine("nothing was done");
        return ExitCode.Failed;
    }

    /// <returns>The last answer if there was one, and the exit code if not all was accepted.</returns>
    private async Task<(Reply? Last, int? Failed)> SendAsync(ClusterClient target, Intention intention, CancellationToken end)
    {
        Reply? last = null;
        for (int sent = 0; sent < intention.Requests.Count; sent++)
        {
            Reply reply;
            try
            {
                reply = await target.SendAsync(intention.Requests[sent], end).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return (last, terminal.Refuse(ExitCode.Failed, "given up; what was sent may be carried out: ./gache cluster show tells"));
            }

            last = reply;
            if (reply.IsSuccess) continue;
            string rest = sent > 0 ? $"; {sent} of {intention.Requests.Count} requests were accepted before and go on" : "";
            string doubt = reply.Status is 0 or 504 ? "; it may have been taken all the same: ./gache cluster show tells" : "";
            return (last, terminal.Refuse(reply.ExitCode, reply.Words + rest + doubt));
        }

        return (last, null);
    }

    private async Task<int> FollowAsync(ClusterClient client, Intention intention, Reply? last, CancellationToken end)
    {
        if (intention.Goal.Count > 0) return await new MoveProgress(client, terminal, clock, intention.Goal).FollowAsync(end).ConfigureAwait(false);
        if (intention.Replacement is { } replacement) return await new ReplaceProgress(client, terminal, clock, replacement).FollowAsync(end).ConfigureAwait(false);
        if (intention.Removal is { } removal) return await new RemoveProgress(client, terminal, clock, removal).FollowAsync(end).ConfigureAwait(false);
        terminal.Output.WriteLine(intention.Afterwards(last));
        return ExitCode.Done;
    }
}
