using System.Globalization;
using System.Text;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>A transfer, or a look at all accounts.</summary>
internal sealed record BankOperation(int From, int To, long Amount, bool IsLook)
{
    /// <summary>Its places in the order of what happened: when it was asked, and when its answer came; 0 while it has none.</summary>
    public (long Invoked, long Completed) Places { get; set; }

    /// <summary>What apply made of it.</summary>
    public ApplyStatus Status { get; set; }

    /// <summary>What it did or saw; null where it was declined.</summary>
    public TxnAnswer? Answer { get; set; }
}

/// <summary>All that bankers of one slot asked and were told, and whether it can be: each transfer whole, once, at one moment between question and answer.</summary>
/// <remarks>
/// Each transfer counts one up, so its own answer tells its place among all others, and a look tells between which two it was: the one order that
/// explains all answers is known, and only has to be checked.
/// </remarks>
internal sealed class Ledger
{
    /// <summary>How many accounts there are.</summary>
    public const int Accounts = 3;

    /// <summary>What each holds in the beginning.</summary>
    public const long Opening = 100;

    private readonly List<BankOperation> operations = [];
    private long place;

    /// <summary>How many transfers were carried out.</summary>
    public int Transfers => operations.Count(one => !one.IsLook && one.Answer is { Succeeded: true });

    /// <summary>Somebody asks.</summary>
    public BankOperation Invoke(BankOperation operation)
    {
        operation.Places = (++place, 0);
        operations.Add(operation);
        return operation;
    }

    /// <summary>Somebody was answered.</summary>
    public void Complete(BankOperation operation, WriteAnswer answer)
    {
        operation.Places = (operation.Places.Invoked, ++place);
        operation.Status = answer.Status;
        operation.Answer = answer.Status == ApplyStatus.Done ? TxnAnswer.Parse(answer.Body) : null;
    }

    /// <summary>Judges it, once nothing is under way.</summary>
    public Violation? Check()
    {
        var bySerial = new SortedDictionary<long, BankOperation>();
        int openings = 0;
        foreach (BankOperation one in operations)
        {
            if (one.Places.Completed == 0) return new("a transaction without an answer", $"{one}");
            if (one.Status is not (ApplyStatus.Done or ApplyStatus.OutOfRange)) return new("a transaction came to what it cannot", $"{one}");
            if (one.Answer is { Succeeded: false } && ++openings > 1) return new("the accounts were opened twice", $"{one}");
            if (one is { IsLook: false, Answer.Succeeded: true } && !bySerial.TryAdd(SerialOf(one), one)) return new("two transfers at one place", $"{one} and {bySerial[SerialOf(one)]}");
        }

        return CheckBalances(bySerial) ?? CheckMoments();
    }

    /// <summary>Transfers in their order lead to the balances that each of them, and each look, tells.</summary>
    private Violation? CheckBalances(SortedDictionary<long, BankOperation> bySerial)
    {
        long[] balances = [.. Enumerable.Repeat(Opening, Accounts)];
        var states = new List<long[]> { balances.ToArray() };
        foreach ((long serial, BankOperation one) in bySerial)
        {
            if (serial != states.Count) return new("a transfer is missing, or was done twice", $"after {states.Count - 1} comes {serial}: {one}");
            balances[one.From] -= one.Amount;
            if (one.Answer!.Results[0].Number != balances[one.From] || balances[one.From] < 0) return new("a transfer took from another balance", $"{one} told {one.Answer.Results[0].Number}, is {balances[one.From]}");
            balances[one.To] += one.Amount;
            if (one.Answer.Results[1].Number != balances[one.To]) return new("a transfer gave to another balance", $"{one} told {one.Answer.Results[1].Number}, is {balances[one.To]}");
            states.Add(balances.ToArray());
        }

        foreach (BankOperation look in operations.Where(one => one is { IsLook: true, Answer: not null } && one.Answer.Results[0].Existed))
        {
            long[] seen = [.. look.Answer!.Results.Take(Accounts).Select(NumberOf)];
            long serial = SerialOf(look);
            if (serial < 0 || serial >= states.Count || !seen.SequenceEqual(states[(int)serial])) return new("a look saw what never was", $"{string.Join(", ", seen)} at {serial} of {states.Count - 1}");
        }

        return null;
    }

    /// <summary>What was answered before something else was asked comes before it.</summary>
    private Violation? CheckMoments()
    {
        var answered = new Queue<BankOperation>(operations.Where(one => one.Answer is not null).OrderBy(one => one.Places.Completed));
        long latest = -1;
        foreach (BankOperation one in operations.Where(one => one.Answer is not null)) // in the order in which they were asked
        {
            while (answered.TryPeek(out BankOperation? before) && before.Places.Completed < one.Places.Invoked) latest = Math.Max(latest, SerialOf(answered.Dequeue()));
            bool isLate = one.IsLook || one.Answer is { Succeeded: false } ? SerialOf(one) < latest : SerialOf(one) <= latest;
            if (isLate) return new("a transaction at a moment before it was asked", $"{one} at {SerialOf(one)}, {latest} was answered before");
        }

        return null;
    }

    /// <summary>How many transfers there were right after it; -1 before the accounts were opened.</summary>
    private static long SerialOf(BankOperation one) =>
        one.IsLook ? one.Answer!.Results[^1].Existed ? NumberOf(one.Answer.Results[^1]) : -1 : one.Answer!.Succeeded ? one.Answer.Results[^1].Number : 0;

    private static long NumberOf(TxnResult result) =>
        long.TryParse(Encoding.ASCII.GetString(result.Value.Span), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : long.MinValue;
}
