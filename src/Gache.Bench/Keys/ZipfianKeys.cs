namespace Gache.Bench.Keys;

/// <summary>
/// Key n - 1 with a likelihood proportional to 1/n^skew: exact, in constant time and memory for any count, by rejection-inversion
/// (Hörmann and Derflinger 1996, "Rejection-inversion to generate variates from monotone discrete distributions").
/// </summary>
/// <remarks>Popular keys are neighbours in number only: slots are hashes of the keys, so they are spread over the shards.</remarks>
internal sealed class ZipfianKeys : IKeySource
{
    /// <summary>As YCSB has it.</summary>
    public const double DefaultSkew = 0.99;

    /// <summary>Below it the series is used where the closed form would lose its digits.</summary>
    private const double Small = 1e-8;

    private readonly Random dice;
    private readonly int count;
    private readonly double skew;
    private readonly double least;
    private readonly double most;
    private readonly double surelyTaken;

    public ZipfianKeys(int seed, int count, double skew)
    {
        dice = new Random(seed);
        this.count = count;
        this.skew = skew;
        least = Integral(1.5) - 1;
        most = Integral(count + 0.5);
        surelyTaken = 2 - InverseIntegral(Integral(2.5) - Height(2));
    }

    /// <inheritdoc/>
    public bool TryNext(out int key)
    {
        while (true)
        {
            double area = most + (dice.NextDouble() * (least - most));
            double place = InverseIntegral(area);
            int rank = (int)Math.Clamp(place + 0.5, 1, count);
            if (rank - place > surelyTaken && area < Integral(rank + 0.5) - Height(rank)) continue;
            key = rank - 1;
            return true;
        }
    }

    /// <inheritdoc/>
    public void Failed(int key)
    {
        // comes again by chance
    }

    private double Height(double x) => Math.Exp(-skew * Math.Log(x));

    /// <summary>Of <see cref="Height"/>, from 1 on.</summary>
    private double Integral(double x)
    {
        double log = Math.Log(x);
        double t = (1 - skew) * log;
        return log * (Math.Abs(t) > Small ? (Math.Exp(t) - 1) / t : 1 + (t / 2));
    }

    private double InverseIntegral(double x)
    {
        double t = Math.Max(x * (1 - skew), -1);
        return Math.Exp(x * (Math.Abs(t) > Small ? Math.Log(1 + t) / t : 1 - (t / 2)));
    }
}
