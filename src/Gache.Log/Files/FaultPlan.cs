namespace Gache.Log;

/// <summary>Which operations of a simulated disk go wrong, and how. Counts go on over restarts; nothing is planned at first.</summary>
public sealed class FaultPlan
{
    private readonly List<PlannedError> planned = [];
    private readonly Dictionary<FileOperation, (double Probability, int ErrorNumber)> random = [];

    /// <summary>The machine stops at this operation (counted from 1 over all that change something); 0 for never.</summary>
    public long CrashAtOperation { get; set; }

    /// <summary>How likely a read returns one wrong bit, from 0 to 1.</summary>
    public double FlippedBitProbability { get; set; }

    /// <summary>The nth such operation from now on (1 = the next) fails with this error number.</summary>
    public void FailNth(FileOperation operation, long nth, int errorNumber) => planned.Add(new PlannedError(operation, errorNumber) { Left = nth });

    /// <summary>Every such operation fails with this probability (0 to 1) and error number.</summary>
    public void FailRandomly(FileOperation operation, double probability, int errorNumber) => random[operation] = (probability, errorNumber);

    /// <summary>Forgets all that was planned.</summary>
    public void Clear()
    {
        planned.Clear();
        random.Clear();
        CrashAtOperation = 0;
        FlippedBitProbability = 0;
    }

    /// <summary>The error number that this operation must fail with, or 0.</summary>
    internal int Next(FileOperation operation, Random dice)
    {
        int error = 0;
        for (int i = planned.Count - 1; i >= 0; i--)
        {
            if (planned[i].Operation != operation || --planned[i].Left > 0) continue;
            error = planned[i].ErrorNumber;
            planned.RemoveAt(i);
        }

        if (error == 0 && random.TryGetValue(operation, out (double Probability, int ErrorNumber) chance) && dice.NextDouble() < chance.Probability)
            error = chance.ErrorNumber;
        return error;
    }

    private sealed class PlannedError(FileOperation operation, int errorNumber)
    {
        public FileOperation Operation => operation;

        public int ErrorNumber => errorNumber;

        public long Left { get; set; }
    }
}
