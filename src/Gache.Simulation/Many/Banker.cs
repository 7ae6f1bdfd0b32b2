using System.Globalization;
using System.Text;
using Gache.Replication;
using Gache.Store;

namespace Gache.Simulation;

/// <summary>Moves money between accounts of one slot by transactions, each repeated as it was until it is answered, and looks at all accounts at once.</summary>
internal sealed class Banker
{
    private static readonly TimeSpan MostThinking = TimeSpan.FromSeconds(1);
    private const double Looks = 0.3;
    private const double NeedlessRepeats = 0.2;

    private readonly int number;
    private readonly World world;
    private readonly SeededRandom random;
    private readonly Ledger ledger;
    private readonly string tag;
    private int transfers;
    private bool isStopped;

    /// <summary>Begins after a first thinking time.</summary>
    public Banker(int number, World world, SeededRandom random, Ledger ledger, string tag)
    {
        (this.number, this.world, this.random, this.ledger, this.tag) = (number, world, random, ledger, tag);
        Think();
    }

    /// <summary>True while nothing is asked, and nothing more will be.</summary>
    public bool IsIdle { get; private set; }

    /// <summary>Asks nothing new from now on; what is under way is brought to its end.</summary>
    public void Stop() => isStopped = true;

    /// <summary>Looks at all accounts a last time.</summary>
    public void LookAgain()
    {
        IsIdle = false;
        Look();
    }

    private void Think() => world.Scheduler.After(random.Between(TimeSpan.Zero, MostThinking), () =>
    {
        if (isStopped) IsIdle = true;
        else if (random.Chance(Looks)) Look();
        else Transfer();
    });

    private void Look()
    {
        BankOperation operation = ledger.Invoke(new BankOperation(0, 0, 0, IsLook: true));
        TxnOperation[] gets = [.. Enumerable.Range(0, Ledger.Accounts).Select(i => new TxnOperation(TxnOperationKind.Get, Account(i))), new TxnOperation(TxnOperationKind.Get, Count)];
        Send(operation, () => new TxnCommand([], gets, []).Encode(), _ => Think());
    }

    private void Transfer()
    {
        (int from, int to, long amount) = (random.Next(Ledger.Accounts), random.Next(Ledger.Accounts), 1 + random.Next(60));
        BankOperation operation = ledger.Invoke(new BankOperation(from, to, amount, IsLook: false));
        byte[] name = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"b{number}-{++transfers}"));
        var txn = new TxnCommand(
            [new TxnCompare(Count, null)],
            [Add(Account(from), -amount, min: 0), Add(Account(to), amount), Add(Count, 1)],
            [.. Enumerable.Range(0, Ledger.Accounts).Select(i => Set(Account(i), Ledger.Opening)), Set(Count, 0)],
            name);
        Send(operation, txn.Encode, first =>
        {
            if (!random.Chance(NeedlessRepeats))
            {
                Think();
                return;
            }

            Ask(txn.Encode, again =>
            {
                if (!again.Body.AsSpan().SequenceEqual(first.Body) || again.Status != first.Status)
                    world.Fail(new("a repeat got another answer", $"{operation}: first {first.Status}, then {again.Status}"));
                Think();
            });
        });
    }

    private void Send(BankOperation operation, Func<byte[]> command, Action<WriteAnswer> then) => Ask(command, answer =>
    {
        ledger.Complete(operation, answer);
        world.Trace?.Add("banker", $"{number}: {operation} came to {answer.Status}");
        then(answer);
    });

    private void Ask(Func<byte[]> command, Action<WriteAnswer> then) => _ = new Errand(world, random, async machine =>
    {
        WriteAnswer answer = await machine.WriteAsync(Count, command()).ConfigureAwait(false);
        return (answer.Refusal is null ? () => then(answer) : null, answer.Refusal);
    });

    private byte[] Account(int i) => Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{{{tag}}}account{i}"));

    private byte[] Count => Encoding.ASCII.GetBytes($"{{{tag}}}count");

    private static TxnOperation Add(byte[] key, long delta, long min = long.MinValue) => new(TxnOperationKind.Add, key, default, new CounterTerms(delta, min));

    private static TxnOperation Set(byte[] key, long number) => new(TxnOperationKind.Set, key, Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture)));
}
