using System.Net.Sockets;
using Gache.Bench.Keys;
using Gache.Bench.Wire;

namespace Gache.Bench.Load;

/// <summary>One client: one request at a time, over a connection of its own to each server that it was sent to.</summary>
/// <remarks>
/// Not a task but a loop over steps: whoever completes a step (a socket's thread, or the run's own when something is due) goes on with the next ones
/// until one is pending. So there is no state machine, no hop and no garbage a request.
/// </remarks>
internal sealed class Caller : IDisposable
{
    /// <summary>Bound on redirects of one request: a cluster that is of two minds may send it to and fro.</summary>
    public const int MaxRedirects = 5;

    private const int LeastReceive = 4 << 10;
    private const int MostReceive = 64 << 10;

    private readonly LoadRun run;
    private readonly IKeySource keys;
    private readonly Random dice;
    private readonly byte[] request;
    private readonly int receiveBytes;
    private readonly EventHandler<SocketAsyncEventArgs> whenCompleted;
    private Connection?[] connections = new Connection?[1];
    private Connection? current;
    private Step step = Step.Open;
    private Endpoint to;
    private int home;
    private Ask ask;
    private long due;
    private long waitingSince;
    private int sent;
    private int requestLength;
    private int redirects;
    private bool hasRequest;

    /// <param name="run">What it is part of.</param>
    /// <param name="number">Its number, from 0 on: callers are spread over the addresses by it.</param>
    /// <param name="keys">Where its keys come from.</param>
    /// <param name="seed">Start of its dice.</param>
    public Caller(LoadRun run, int number, IKeySource keys, int seed)
    {
        this.run = run;
        this.keys = keys;
        dice = new Random(seed);
        home = number % run.Owners.Given;
        to = run.Owners[home];
        int bytes = run.Plan.Wire.MaxRequestBytes;
        request = GC.AllocateUninitializedArray<byte>(bytes, pinned: true);
        receiveBytes = Math.Clamp(bytes, LeastReceive, MostReceive);
        whenCompleted = (_, _) => Drive();
    }

    private enum Step
    {
        Open,
        Opened,
        Next,
        Send,
        Sent,
        Receive,
        Received,
    }

    /// <summary>Since when it waits for a server, in ticks of the stopwatch; 0: it does not.</summary>
    public long WaitingSince => Volatile.Read(ref waitingSince);

    /// <summary>Goes on until something is pending, or there is nothing to do.</summary>
    public void Drive()
    {
        try
        {
            while (Advance())
            {
            }
        }
        catch (Exception fault)
        {
            run.Break(fault); // on a thread of the runtime it would end the process, without a word of what was measured
        }
    }

    /// <summary>Goes on with a request that has become due; only for a caller that waited for one.</summary>
    public void DriveDue(long when)
    {
        try
        {
            if (!Prepare(when)) return;
            while (Advance())
            {
            }
        }
        catch (Exception fault)
        {
            run.Break(fault);
        }
    }

    /// <summary>The server has taken too long: what is pending ends with an error.</summary>
    public void Abort() => Volatile.Read(ref current)?.Abort();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (Connection? connection in connections) connection?.Dispose();
    }

    /// <summary>One step.</summary>
    /// <returns>Whether to go on at once.</returns>
    private bool Advance()
    {
        switch (step)
        {
            case Step.Open: return Open();
            case Step.Opened: return Opened();
            case Step.Next: return run.TryBegin(this, out long when) && Prepare(when);
            case Step.Send:
                step = Step.Sent; // before it is pending: another thread may go on at once
                return !current!.Send(request, sent, requestLength - sent);
            case Step.Sent: return Sent();
            case Step.Receive:
                step = Step.Received;
                return !current!.Receive();
            default: return Received();
        }
    }

    private bool Prepare(long when)
    {
        if (!keys.TryNext(out int key))
        {
            run.Finished();
            return false;
        }

        double ratio = run.Plan.Part.ReadRatio;
        bool isRead = ratio >= 1 || (ratio > 0 && dice.NextDouble() < ratio);
        ask = new Ask(isRead, key, run.Plan.Acknowledged.Has(key));
        due = when;
        redirects = 0;
        hasRequest = true;
        to = (run.Owners.KnowsAny ? run.Owners.Of(run.Plan.Wire.SlotOf(key)) : null) ?? run.Owners[home];
        return Encode();
    }

    private bool Encode()
    {
        requestLength = run.Plan.Wire.Encode(request, ask, to);
        step = Step.Open;
        return true;
    }

    private bool Open()
    {
        if (to.Number >= connections.Length) Array.Resize(ref connections, to.Number + 1);
        Connection connection = connections[to.Number] ??= new Connection(to, run.Plan.Wire.CreateReader(), receiveBytes, whenCompleted);
        Volatile.Write(ref current, connection);
        Volatile.Write(ref waitingSince, run.Now());
        step = Step.Opened;
        return connection.IsOpen || !connection.Connect();
    }

    private bool Opened()
    {
        if (!current!.IsOpen)
        {
            if (current.SendError != SocketError.Success) return Unanswered(current.SendError);
            current.IsOpen = true;
        }

        if (!hasRequest)
        {
            // The first connection, opened before anything is measured.
            Volatile.Write(ref waitingSince, 0);
            step = Step.Next;
            return true;
        }

        current.Reader.Begin(ask);
        sent = 0;
        step = Step.Send;
        return true;
    }

    private bool Sent()
    {
        if (current!.SendError != SocketError.Success) return Unanswered(current.SendError);
        sent += current.Sent;
        step = sent < requestLength ? Step.Send : Step.Receive;
        return true;
    }

    private bool Received()
    {
        if (current!.ReceiveError != SocketError.Success) return Unanswered(current.ReceiveError);
        if (!current.Reader.Take(current.Received))
        {
            step = Step.Receive;
            return true;
        }

        return Answered();
    }

    private bool Answered()
    {
        long began = waitingSince;
        Volatile.Write(ref waitingSince, 0);
        IAnswerReader answer = current!.Reader;
        Verdict verdict = answer.Verdict;
        if (verdict == Verdict.Redirected)
        {
            Endpoint? owner = ++redirects <= MaxRedirects ? run.Owners.Learn(run.Plan.Wire.SlotOf(ask.Key), answer.Owner!) : null;
            if (owner is not null)
            {
                run.CountRedirect(due);
                to = owner;
                if (answer.IsLast) Close();
                return Encode();
            }

            verdict = Verdict.Wrong;
        }

        if (verdict == Verdict.Right && !ask.IsRead) run.Plan.Acknowledged.Add(ask.Key);
        else if (verdict is not (Verdict.Right or Verdict.Missing) && !ask.IsRead) keys.Failed(ask.Key);
        run.Count(verdict, ask, due, began, redirects > MaxRedirects ? "redirected without end" : null, answer);
        hasRequest = false;
        if (answer.IsLast) Close();
        step = Step.Next;
        if (verdict != Verdict.Refused) return true;
        run.Rest(this, answer.RetryAfter);
        return false;
    }

    private bool Unanswered(SocketError error)
    {
        Volatile.Write(ref waitingSince, 0);
        run.Owners.Forget(current!.Endpoint);
        Close();
        if (hasRequest)
        {
            if (!ask.IsRead) keys.Failed(ask.Key);
            run.CountUnanswered(due, ask, to, error);
            hasRequest = false;
        }

        home = (home + 1) % run.Owners.Given; // perhaps another one lives
        step = Step.Next;
        run.Rest(this);
        return false;
    }

    private void Close()
    {
        connections[current!.Endpoint.Number] = null;
        current.Dispose();
        Volatile.Write(ref current, null);
    }
}
